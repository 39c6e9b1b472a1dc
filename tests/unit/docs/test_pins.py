"""pyproject.toml and constraints.txt pin the same versions."""

import runpy
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[3]
SCRIPT = runpy.run_path(str(PROJECT / "scripts/pin.py"))
PROJECT_FILE = (PROJECT / "pyproject.toml").read_text()
CONSTRAINTS = (PROJECT / "constraints.txt").read_text()


def test_the_pins_of_both_files_are_equal() -> None:
    assert SCRIPT["pinned"](PROJECT_FILE, CONSTRAINTS) == PROJECT_FILE, "run `uv run python scripts/pin.py`"


@pytest.mark.parametrize("change", [("dagster==", "dagster==9."), ("asyncpg==", "asyncpg-other==")])
def test_a_difference_is_found(change: tuple[str, str]) -> None:
    assert SCRIPT["pinned"](PROJECT_FILE, CONSTRAINTS.replace(*change, 1)) != PROJECT_FILE


def test_every_dependency_is_pinned_to_a_version_that_it_allows() -> None:
    project = tomllib.loads(PROJECT_FILE)
    named = [
        *project["project"]["dependencies"],
        *(name for group in project["dependency-groups"].values() for name in group),
    ]
    pins = [Requirement(line) for line in CONSTRAINTS.splitlines() if line and not line.startswith("#")]
    versions = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in pins}
    for requirement in map(Requirement, named):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), str(requirement)
