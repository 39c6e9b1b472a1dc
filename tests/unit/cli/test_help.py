"""Help of every command, and what it costs to show it."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from pipelines.cli.app import app

PROJECT = Path(__file__).resolve().parents[3]
UNUSED = ("dagster", "simulator.cli", "alembic", "sqlmodel", "sqlalchemy", "pydantic")
COMMANDS = get_command(app).list_commands(None)  # type: ignore[attr-defined]


def help_of(*command: str) -> str:
    result = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_the_simulator_adds_a_command() -> None:
    assert "simulate" in COMMANDS


def test_the_list_of_commands_has_the_first_line_of_each_command() -> None:
    shown = " ".join(help_of().split())
    for command in COMMANDS:
        first_line = str(get_command(app).get_command(None, command).help).partition("\n")[0]  # type: ignore[attr-defined]
        assert f"{command} {first_line}" in re.sub(" │ │ | +", " ", shown)


def test_the_version_is_that_of_the_package() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"gamepulse {version('gamepulse')}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_an_example_and_exit_codes(command: str) -> None:
    text = help_of(command)
    assert f"gamepulse {command}" in text.partition("Example: ")[2]
    assert "Exit codes: " in text


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_no_help_shows_backticks(command: tuple[str, ...]) -> None:
    assert "`" not in help_of(*command)


@pytest.mark.parametrize(
    ("arguments", "used"),
    [
        (["--help"], set()),
        (["scores", "--help"], {"pydantic", "sqlalchemy"}),
        (["status", "--help"], {"pydantic", "sqlalchemy", "sqlmodel"}),
    ],
)
def test_small_commands_import_neither_dagster_nor_an_unused_command(arguments: list[str], used: set[str]) -> None:
    code = (
        f"import sys; sys.argv = ['gamepulse', *{arguments!r}]\n"
        "from pipelines.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(*(name for name in {UNUSED!r} if name in sys.modules), sep=',')"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    imported = set(found.stdout.splitlines()[-1].split(",")) - {""}
    assert imported == used
