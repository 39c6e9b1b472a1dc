"""The rules of CONTRIBUTING.md's "Code layout" that the import contracts of pyproject.toml cannot express."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ALLOWED_IN_NCAA = ("pipelines.ncaa", "pipelines.seasons", "pipelines.errors", "models.reference", "models.turns")


def imported_names(source: str) -> Iterator[str]:
    """Every dotted name that the source imports, at the top or within a function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def private_dagster(source: str) -> set[str]:
    return {name for name in imported_names(source) if name.startswith("dagster._")}


def not_allowed_in_ncaa(source: str) -> set[str]:
    ours = {name for name in imported_names(source) if name.partition(".")[0] in ("models", "pipelines", "simulator")}
    return {name for name in ours if not f"{name}.".startswith(tuple(f"{allowed}." for allowed in ALLOWED_IN_NCAA))}


def test_only_runtime_imports_private_modules_of_dagster() -> None:
    modules = [path for folder in ("models", "pipelines", "simulator") for path in (PROJECT / folder).rglob("*.py")]
    folders = {path.relative_to(PROJECT).parts[:2] for path in modules if private_dagster(path.read_text())}
    assert folders == {("pipelines", "runtime")}


def test_the_api_client_imports_only_seasons_errors_turns_and_reference_data() -> None:
    modules = list((PROJECT / "pipelines/ncaa").glob("*.py"))
    assert modules
    assert {path.name: names for path in modules if (names := not_allowed_in_ncaa(path.read_text()))} == {}


@pytest.mark.parametrize(
    "source", ["import dagster._core.errors", "from dagster._utils import x", "def f():\n    from dagster import _core"]
)
def test_a_private_import_is_found(source: str) -> None:
    assert private_dagster(source)


@pytest.mark.parametrize(
    "source",
    ["import pipelines.seasons_of_sport", "from models import tables", "from pipelines.settings import Settings"],
)
def test_an_import_that_the_client_may_not_have_is_found(source: str) -> None:
    assert not_allowed_in_ncaa(source)


def test_pipelines_has_at_most_12_files_besides_its_folders() -> None:
    files = [path.name for path in (PROJECT / "pipelines").iterdir() if path.is_file()]
    assert 0 < len(files) <= 12, sorted(files)
