"""scripts/release.py in a clone of this repository: tried, refused without digests, and made. Docker is a stand-in."""

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
VERSION = metadata.version("gamepulse")
DOCKER = r"""#!/bin/sh
case "$1" in
build) for word; do case "$word" in REVISION=*) echo "${word#REVISION=}" > "$0.revision" ;; esac; done ;;
image) printf '[{"Config": {"Labels": {"org.opencontainers.image.version": "VERSION",
    "org.opencontainers.image.revision": "%s"}}}]' "$(cat "$0.revision")" ;;
run) echo '{"bomFormat": "CycloneDX"}' ;;
esac
"""
"""Builds nothing: tests/compose builds the image, and looks at its labels and its list of packages."""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of what is committed."""
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER.replace("VERSION", VERSION))
    docker.chmod(0o755)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", PROJECT, clone], check=True)
    return clone


def git(clone: Path, *arguments: str) -> str:
    """Runs git in the clone and returns its output."""
    command = ["git", "-C", str(clone), "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def release(clone: Path, *options: str) -> tuple[int, str]:
    """Runs the script and returns its exit code and its output."""
    finished = subprocess.run(
        [sys.executable, clone / "scripts/release.py", VERSION, *options], check=False, capture_output=True, text=True,
        env=os.environ | {"PATH": f"{clone.parent / 'bin'}:{os.environ['PATH']}"},
    )  # fmt: skip
    return finished.returncode, finished.stdout + finished.stderr


@pytest.mark.slow
def test_a_release_is_tried_without_a_trace_refused_without_digests_and_made(clone: Path) -> None:
    before = git(clone, "rev-parse", "HEAD"), git(clone, "status", "--porcelain", "--ignored")
    code, output = release(clone, "--dry-run")
    assert code == 0, output
    assert f"{VERSION} can be released. Nothing was changed." in output
    assert (git(clone, "rev-parse", "HEAD"), git(clone, "status", "--porcelain", "--ignored")) == before
    assert git(clone, "tag", "--list", f"v{VERSION}") == ""

    for name in ("Dockerfile", "docker-compose.yml"):
        text = re.sub(r"(_IMAGE:-[^}@]+)(@[^}]+)?}", r"\1}", (clone / name).read_text())
        (clone / name).write_text(text + "\n")
    code, output = release(clone)
    assert (code, "The working tree has changes" in output) == (1, True)
    git(clone, "commit", "--quiet", "--all", "--message", "Name the base images by tag")
    code, output = release(clone)
    assert (code, "No digest pins python:3" in output) == (1, True)

    for name in ("Dockerfile", "docker-compose.yml"):
        text = re.sub(r"(_IMAGE:-[^}@]+)}", rf"\1@sha256:{'0' * 64}}}", (clone / name).read_text())
        (clone / name).write_text(text)
    git(clone, "commit", "--quiet", "--all", "--message", "Pin the base images")
    code, output = release(clone)
    assert code == 0, output
    assert git(clone, "log", "-1", "--format=%s") == f"Release {VERSION}"
    assert git(clone, "cat-file", "-t", f"v{VERSION}") == "tag"
    assert git(clone, "rev-parse", f"v{VERSION}^{{commit}}") == git(clone, "rev-parse", "HEAD")
    assert re.search(rf"## \[{re.escape(VERSION)}\] - \d{{4}}-\d\d-\d\d\n", (clone / "CHANGELOG.md").read_text())
    assert git(clone, "status", "--porcelain") == ""
    assert sorted(path.name for path in (clone / "dist").iterdir()) == [
        "SHA256SUMS",
        f"gamepulse-{VERSION}-py3-none-any.whl",
        f"gamepulse-{VERSION}.cdx.json",
    ]
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=clone / "dist", check=True)
