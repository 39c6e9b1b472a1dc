"""The links, commands and make targets of the Markdown files exist."""

import re
import shutil
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
HINT = re.compile(r"`(gamepulse [^`\n]+)`")
MAKE = re.compile(r"(?<!\w)make ([a-z]+)")


def code(document: Path) -> Iterator[str]:
    """The blocks and spans of code of a document."""
    for block, span in CODE.findall(document.read_text()):
        yield block or span


def prose(document: Path) -> str:
    """The text of a document without blocks and spans of code."""
    return CODE.sub("", document.read_text())


def anchors(document: Path) -> set[str]:
    """The anchors that a forge gives the headings of a document."""
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken_links(document: Path) -> Iterator[str]:
    for link in LINK.findall(prose(document)):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_relative_link_and_anchor_resolves(document: Path) -> None:
    assert list(broken_links(document)) == []


def test_a_broken_link_or_anchor_is_found(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text(
        "# A `title`\n[a](#a-title) [b](#b) [c](document.md#c) [d](other.md) [e](https://example.org/#e)"
    )
    assert list(broken_links(document)) == ["#b", "document.md#c", "other.md"]


def test_every_command_of_ours_in_documents_and_messages_exists_with_its_options() -> None:
    group: Any = typer.main.get_command(app)
    commands = {name: group.get_command(None, name) for name in group.list_commands(None)}
    modules = [path for folder in ("models", "pipelines", "simulator") for path in (PROJECT / folder).rglob("*.py")]
    found = 0
    for document in (*DOCUMENTS, *modules):
        texts = code(document) if document.suffix == ".md" else HINT.findall(document.read_text())
        for name, arguments in (match for text in texts for match in COMMAND.findall(text)):
            assert name in commands, f"{document.name} names `gamepulse {name}`"
            known = {option for parameter in commands[name].params for option in parameter.opts} | {"--help"}
            ours = arguments.partition(" -- ")[0]
            assert set(OPTION.findall(ours)) <= known, f"{document.name}: `gamepulse {name}{arguments}`"
            found += 1
    assert found > 100


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = {name for document in DOCUMENTS for text in code(document) for name in MAKE.findall(text)}
    assert named <= targets
    assert 0 < len(targets) <= 10


def test_git_ignores_the_backups_of_the_runbook(tmp_path: Path) -> None:
    names = ["gamepulse.dump", "gamepulse.dump.part", "backups/2026-01-17.dump", "gamepulse.tgz"]
    shutil.copy(PROJECT / ".gitignore", tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    ignored = subprocess.run(
        ["git", "check-ignore", *names], cwd=tmp_path, capture_output=True, text=True, check=False
    ).stdout.split()
    assert ignored == names
