"""Pins every dependency: `uv run scripts/pin.py` writes constraints.txt and [tool.uv] of pyproject.toml.

`uv` reads pins from pyproject.toml by itself, `pip install -e . -c constraints.txt` from the file. A uv.lock
would name the registry that this machine happened to use, so it stays untracked.
"""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "# pins: begin (scripts/pin.py)\n", "# pins: end\n"


def main() -> None:
    project = ROOT / "pyproject.toml"
    unpinned = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), "", project.read_text(), flags=re.S).rstrip() + "\n"
    project.write_text(unpinned)
    groups = "--group dev --group peers"
    command = f"uv pip compile pyproject.toml {groups} --universal --no-header --no-annotate --upgrade --quiet"
    compiled = subprocess.run(command.split(), cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603
    (ROOT / "constraints.txt").write_text("# Written by scripts/pin.py.\n" + compiled)
    lines = "".join(f'    "{line}",\n' for line in compiled.replace('"', "'").splitlines())
    project.write_text(f"{unpinned}\n{BEGIN}[tool.uv]\nconstraint-dependencies = [\n{lines}]\n{END}")


if __name__ == "__main__":
    main()
