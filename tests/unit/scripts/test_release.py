"""scripts/release.py writes a version wherever one is, and refuses what it cannot release."""

import datetime as dt
import re
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[3]
SCRIPT: dict[str, Any] = runpy.run_path(str(PROJECT / "scripts/release.py"))
VERSION = re.findall('^version = "(.+)"$', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)[0]
DATE = dt.date(2027, 1, 2)


@pytest.fixture
def texts() -> dict[str, str]:
    """The files that a release changes, with a section for 9.8.7 in the changelog."""
    texts = {path: (PROJECT / path).read_text() for path in (*SCRIPT["VERSIONS"], "CHANGELOG.md")}
    texts["CHANGELOG.md"] = texts["CHANGELOG.md"].replace("## [", "## [9.8.7] - unreleased\n\n- News.\n\n## [", 1)
    return texts


def test_the_version_is_changed_in_every_file_and_nothing_else_is(texts: dict[str, str]) -> None:
    changed = SCRIPT["released"](texts, "9.8.7", DATE)
    assert changed.pop("CHANGELOG.md") == texts["CHANGELOG.md"].replace("[9.8.7] - unreleased", "[9.8.7] - 2027-01-02")
    for path, text in changed.items():
        assert text != texts[path], path
        assert text.replace("9.8.7", VERSION) == texts[path], path


def test_every_file_with_the_version_of_an_image_is_released() -> None:
    command = [
        "git",
        "grep",
        "--files-with-matches",
        "--fixed-strings",
        "-e",
        f"gamepulse:{VERSION}",
        "--",
        "deploy",
        "docs",
    ]
    found = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True, text=True).stdout.split()
    assert set(found) <= SCRIPT["VERSIONS"].keys()


def test_a_release_without_a_changelog_or_in_an_unknown_place_is_refused(texts: dict[str, str]) -> None:
    with pytest.raises(SCRIPT["ReleaseError"], match=r"no section `## \[9\.9\.9\] - unreleased`"):
        SCRIPT["released"](texts, "9.9.9", DATE)
    with pytest.raises(SCRIPT["ReleaseError"], match="Dockerfile has no version"):
        SCRIPT["released"](texts | {"Dockerfile": "FROM python"}, "9.8.7", DATE)


def test_base_images_without_a_digest_are_named() -> None:
    pinned = f"${{POSTGRES_IMAGE:-postgres:18-alpine@sha256:{'0' * 64}}}"
    assert SCRIPT["without_digest"]({"a": pinned, "b": "FROM ${PYTHON_IMAGE:-python:3.12-slim}"}) == [
        "python:3.12-slim"
    ]
