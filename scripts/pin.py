"""Pins every dependency: `uv run python scripts/pin.py` writes constraints.txt and the block of pins in pyproject.toml.

Without options it keeps the versions of constraints.txt and pins what is new; `--upgrade` takes the newest versions.

pip reads constraints.txt (`pip install -e . -c constraints.txt`) and uv reads pyproject.toml, so that both install the
same versions. uv.lock is not tracked, since it would name the package registry of the machine that wrote it.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = "# Written by scripts/pin.py.\n"
BEGIN, END = "# pins: begin (scripts/pin.py)\n", "# pins: end\n"


def unpinned(project: str) -> str:
    """Return the text of pyproject.toml without the block of pins."""
    return re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), "", project, flags=re.DOTALL).rstrip() + "\n"


def pinned(project: str, constraints: str) -> str:
    """Return the text of pyproject.toml with the pins of constraints.txt."""
    pins = constraints.removeprefix(HEADER).replace('"', "'").splitlines()
    lines = "".join(f'    "{pin}",\n' for pin in pins)
    return f"{unpinned(project)}\n{BEGIN}[tool.uv]\nconstraint-dependencies = [\n{lines}]\n{END}"


def main(options: list[str]) -> None:
    """Resolve the dependencies and write both files."""
    project, constraints = ROOT / "pyproject.toml", ROOT / "constraints.txt"
    project.write_text(unpinned(project.read_text()))  # uv would not go past the old pins
    command = "uv pip compile pyproject.toml --group dev --group peers --universal --no-header --no-annotate --quiet"
    subprocess.run([*command.split(), "--output-file", "constraints.txt", *options], cwd=ROOT, check=True)  # noqa: S603
    constraints.write_text(HEADER + constraints.read_text())
    project.write_text(pinned(project.read_text(), constraints.read_text()))


if __name__ == "__main__":
    main(sys.argv[1:])
