"""What the Markdown files point to and tell their reader to run is there."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from pipelines.cli.app import app

PROJECT = Path(__file__).resolve().parents[3]
DOCUMENTS = [
    PROJECT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    ).stdout.split()
]  # fmt: skip
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
COMMAND = re.compile(r"(?<![\w/.-])gamepulse ([a-z]+)\b([^\n#|&;)]*)")
OPTION = re.compile(r"(?<=\s)--[a-z-]+")
MAKE = re.compile(r"(?<!\w)make ([a-z]+)")


def code(document: Path) -> Iterator[str]:
    """Its blocks and spans of code."""
    for block, span in CODE.findall(document.read_text()):
        yield block or span


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_relative_link_points_to_something(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text()) if not link.startswith(("http://", "https://", "#"))]
    missing = [link for link in links if not (document.parent / link.partition("#")[0]).exists()]
    assert missing == []


def test_every_command_of_ours_exists_with_the_options_it_is_given() -> None:
    group: Any = typer.main.get_command(app)
    commands = {name: group.get_command(None, name) for name in group.list_commands(None)}
    found = 0
    for document in DOCUMENTS:
        for name, arguments in (match for text in code(document) for match in COMMAND.findall(text)):
            assert name in commands, f"{document.name} names `gamepulse {name}`"
            known = {option for parameter in commands[name].params for option in parameter.opts} | {"--help"}
            ours = arguments.partition(" -- ")[0]
            assert set(OPTION.findall(ours)) <= known, f"{document.name}: `gamepulse {name}{arguments}`"
            found += 1
    assert found > 5


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = {name for document in DOCUMENTS for text in code(document) for name in MAKE.findall(text)}
    assert named <= targets
    assert 0 < len(targets) <= 10
