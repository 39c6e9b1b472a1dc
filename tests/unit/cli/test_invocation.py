"""Printed commands can be typed as printed, however the program was started."""

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from pipelines.cli import app, invocation
from pipelines.cli.invocation import WITHOUT_DATABASE, as_typed, type_commands

COMMANDS = Path(app.__file__).parent
PRINTERS = {"echo", "secho", "print", "write", "Text"}


@pytest.fixture(autouse=True)
def no_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV", "UV_RUN_RECURSION_DEPTH", "GAMEPULSE_SIMULATE"):
        monkeypatch.delenv(name, raising=False)


def test_uv_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    assert as_typed("gamepulse status") == "uv run gamepulse status"
    sentence = "Stop `gamepulse up` with `gamepulse down`; gamepulse is `gamepulsed`."
    assert (
        type_commands(sentence) == "Stop `uv run gamepulse up` with `uv run gamepulse down`; gamepulse is `gamepulsed`."
    )


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (["uv", "tool", "uvx", "--from", "a b.whl", "gamepulse", "up"], "uvx --from 'a b.whl' gamepulse status"),
        (["uv", "tool", "run", "gamepulse", "up"], "uvx gamepulse status"),
        (["uv", "pip", "list"], "gamepulse status"),
        ([], "gamepulse status"),
    ],
)
def test_uvx_is_read_from_its_own_arguments(
    monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str], typed: str
) -> None:
    monkeypatch.setenv("UV", "/bin/uv")
    monkeypatch.setattr(invocation, "_parent_arguments", lambda: arguments)
    assert as_typed("gamepulse status") == typed


def test_a_program_that_is_not_on_path_is_named_by_its_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "gamepulse"
    program.touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(program), "status"])
    monkeypatch.setenv("PATH", "/nowhere")
    assert as_typed("gamepulse down") == f"{program} down"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert as_typed("gamepulse down") == "gamepulse down"


def test_the_simulated_games_stay_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAMEPULSE_SIMULATE", "1")
    assert as_typed("gamepulse backfill 2025-11-12") == "gamepulse backfill 2025-11-12 --simulate"
    assert as_typed("gamepulse psql -- -c 'SELECT 1'") == "gamepulse psql --simulate -- -c 'SELECT 1'"
    assert as_typed("gamepulse status --simulate") == "gamepulse status --simulate"
    assert as_typed("gamepulse down") == "gamepulse down"
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    assert as_typed("dg launch --assets ncaa_games") == "GAMEPULSE_SIMULATE=1 uv run dg launch --assets ncaa_games"


def test_a_command_has_the_option_simulate_where_it_is_added() -> None:
    group: Any = get_command(app.app)
    without = {
        name
        for name in group.list_commands(None)
        if "--simulate"
        not in {option for parameter in group.get_command(None, name).params for option in parameter.opts}
    }
    assert without == WITHOUT_DATABASE


def test_usage_and_examples_name_the_program_as_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    shown = (
        CliRunner().invoke(app.app, ["url", "--help"], prog_name=as_typed("gamepulse"), env={"COLUMNS": "200"}).output
    )
    assert "Usage: uv run gamepulse url" in shown
    assert "Example: DATABASE_URL=$(uv run gamepulse url --reader) python report.py" in shown


def test_every_text_of_a_command_is_printed_by_the_functions_that_type_its_commands() -> None:
    """A table is not one text: its cells are."""
    found = {
        f"{module.name}:{call.lineno} {ast.unparse(call.func)}"
        for module in COMMANDS.glob("*.py")
        for call in calls(module)
        if ast.unparse(call.func).rpartition(".")[2] in PRINTERS and not prints_a_table(call)
    }
    assert {place.partition(":")[0] for place in found} == {"output.py", "options.py", "progress.py"}, found
    assert len([place for place in found if not place.startswith("output.py")]) == 3, "JSON, a bar's rate, and a count"


def calls(module: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call))


def prints_a_table(call: ast.Call) -> bool:
    """Whether the argument is a table or a cell."""
    [printed, *_] = [*call.args, call]
    return isinstance(printed, ast.Call) and ast.unparse(printed.func).endswith(("_table", "_screen", "cell"))
