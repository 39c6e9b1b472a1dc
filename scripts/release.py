"""Makes a release: `uv run python scripts/release.py 0.2.0`; with `--dry-run` it leaves nothing behind but the output.

Works in a clone of HEAD: sets version and date, commits and tags, then builds the wheel and the image and checks both.
Only when all of that succeeded does the repository get the commit and the tag, and `dist/` the wheel, the list of
the image's packages and the hashes. Nothing is pushed.
"""

import argparse
import datetime as dt
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = {
    "pyproject.toml": r'(?m)^(version = ")[^"\n]+',
    "Dockerfile": r'(opencontainers\.image\.version=")[^"\n]+',
    "deploy/kubernetes/values.yaml": r"(?m)(^        tag: )\S+",
    "deploy/kubernetes/migrate.yaml": r"(image: registry\.example\.org/gamepulse:)\S+",
    "deploy/kubernetes/README.md": r"(registry\.example\.org/gamepulse:)[\d.]+\d",
}
"""Where the version is written."""
PACKAGES = ("models", "pipelines", "simulator")


class ReleaseError(Exception):
    """The release cannot be made; the message says what to do."""


def released(texts: Mapping[str, str], version: str, date: dt.date) -> dict[str, str]:
    """Returns the files of `VERSIONS` and CHANGELOG.md, by path, with this version and date."""
    changed = {}
    for path, pattern in VERSIONS.items():
        changed[path], found = re.subn(pattern, rf"\g<1>{version}", texts[path])
        if not found:
            raise ReleaseError(f"{path} has no version where it is looked for: change VERSIONS in scripts/release.py.")
    heading = f"## [{version}] - "
    if heading + "unreleased\n" not in texts["CHANGELOG.md"]:
        raise ReleaseError(f"CHANGELOG.md has no section `{heading}unreleased`: describe the release there.")
    changed["CHANGELOG.md"] = texts["CHANGELOG.md"].replace(heading + "unreleased", heading + date.isoformat())
    return changed


def without_digest(texts: Mapping[str, str]) -> list[str]:
    """Returns the base images that are not pinned."""
    found = (re.findall(r"(?:PYTHON|POSTGRES)_IMAGE:-([^}]+)}", text) for text in texts.values())
    return [image for images in found for image in images if "@sha256:" not in image]


def build_wheel(clone: Path, version: str) -> Path:
    """Builds the wheel and checks that it has every file of the packages that git tracks."""
    run("uv", "build", "--quiet", "--wheel", "--out-dir", "dist", folder=clone)
    wheel = clone / "dist" / f"gamepulse-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    tracked = set(run("git", "ls-files", "--", *PACKAGES, folder=clone).split())
    if missing := sorted(tracked - packed):
        raise ReleaseError(
            f"The wheel does not have {', '.join(missing[:5])}: see `tool.hatch.build` in pyproject.toml."
        )
    return wheel


def build_image(clone: Path, version: str, revision: str) -> Path:
    """Builds the image and checks its labels; returns the file that lists its packages."""
    tag = f"gamepulse:{version}"
    options = ["--build-arg", f"REVISION={revision}", *shlex.split(os.environ.get("GAMEPULSE_BUILD_OPTIONS", ""))]
    run("docker", "build", "--quiet", "--tag", tag, *options, ".", folder=clone)
    [found] = json.loads(run("docker", "image", "inspect", tag, folder=clone))
    labels = [found["Config"]["Labels"][f"org.opencontainers.image.{name}"] for name in ("version", "revision")]
    if labels != [version, revision]:
        raise ReleaseError(f"The image has the labels {labels}, not {[version, revision]}.")
    packages = clone / "dist" / f"gamepulse-{version}.cdx.json"
    packages.write_text(run("docker", "run", "--rm", tag, "cat", "sbom.cdx.json", folder=clone))
    return packages


def release(version: str, *, dry_run: bool) -> None:
    """Makes the release, or only tries to."""
    if not dry_run and run("git", "status", "--porcelain"):
        raise ReleaseError("The working tree has changes: commit or remove them.")
    with TemporaryDirectory() as folder:
        clone = Path(folder) / "gamepulse"
        run("git", "clone", "--quiet", str(ROOT), str(clone))
        texts = {path: (clone / path).read_text() for path in (*VERSIONS, "CHANGELOG.md", "docker-compose.yml")}
        if images := without_digest(texts):
            sentence = (
                f"No digest pins {' and '.join(images)}: run `uv run python scripts/pin_images.py`, and commit it."
            )
            if not dry_run:
                raise ReleaseError(sentence)
            say(f"A release would be refused. {sentence}")
        for path, text in released(texts, version, dt.datetime.now(dt.UTC).date()).items():
            (clone / path).write_text(text)
        name, email = run("git", "log", "-1", "--format=%cn%n%ce").splitlines()
        author = ["-c", f"user.name={name}", "-c", f"user.email={email}"]
        run("git", *author, "commit", "--quiet", "--all", "--message", f"Release {version}", folder=clone)
        run("git", *author, "tag", "--annotate", f"v{version}", "--message", f"GamePulse {version}", folder=clone)
        revision = run("git", "rev-parse", "HEAD", folder=clone)
        files = [build_wheel(clone, version), build_image(clone, version, revision)]
        hashes = "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
        say(hashes.rstrip())
        if dry_run:
            say(f"{version} can be released. Nothing was changed.")
            return
        run("git", "pull", "--quiet", "--ff-only", "--tags", str(clone), f"v{version}")
        (ROOT / "dist").mkdir(exist_ok=True)
        for file in files:
            shutil.copy(file, ROOT / "dist")
        (ROOT / "dist" / "SHA256SUMS").write_text(hashes)
        say(f"Commit, tag, image gamepulse:{version} and dist/ are made. Push with: git push --follow-tags")


def run(*command: str, folder: Path = ROOT) -> str:
    """Runs a command and returns its output without the last line break."""
    finished = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)  # noqa: S603
    if finished.returncode:
        raise ReleaseError(f"`{shlex.join(command[:3])} …` failed: {finished.stderr[-2000:].strip()}")
    return finished.stdout.rstrip("\n")


def say(sentence: str) -> None:
    """Writes a line to the standard output."""
    sys.stdout.write(f"{sentence}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Makes a release of GamePulse.")
    parser.add_argument("version", help="such as 0.2.0; CHANGELOG.md has its section")
    parser.add_argument("--dry-run", action="store_true", help="build and check everything, and change nothing")
    arguments = parser.parse_args()
    try:
        release(arguments.version, dry_run=arguments.dry_run)
    except ReleaseError as error:
        sys.exit(f"Error: {error}")
