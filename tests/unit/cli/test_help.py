"""Help of every command, and what it costs to show it."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from pipelines.cli.app import app

PROJECT = Path(__file__).resolve().parents[3]
COMMANDS = get_command(app).list_commands(None)  # type: ignore[attr-defined]


def help_of(*command: str) -> str:
    result = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_the_simulator_adds_a_command() -> None:
    assert "simulate" in COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_an_example_and_exit_codes(command: str) -> None:
    text = help_of(command)
    assert f"gamepulse {command}" in text.partition("Example: ")[2]
    assert "Exit codes: " in text


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_no_help_shows_backticks(command: tuple[str, ...]) -> None:
    assert "`" not in help_of(*command)


@pytest.mark.parametrize("arguments", [["--help"], ["scores", "--help"], ["status", "--help"]])
def test_small_commands_import_neither_dagster_nor_an_unused_command(arguments: list[str]) -> None:
    code = (
        f"import sys; sys.argv = ['gamepulse', *{arguments!r}]\n"
        "from pipelines.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*(name for name in ('dagster', 'simulator') if name in sys.modules), sep=',')"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    imported = set(found.stdout.splitlines()[-1].split(",")) - {""}
    assert imported == ({"simulator"} if arguments == ["--help"] else set())
