"""`gamepulse`: the commands, and how their errors are printed."""

import ast
import importlib.metadata
import re
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from pipelines.cli.invocation import as_typed
from pipelines.errors import GamePulseError

ENTRY_POINTS: Final = "gamepulse.commands"
"""Group of the entry points with which a package beside `pipelines` adds a command."""
_COMMANDS: Final = {
    "up": "up:up",
    "logs": "up:logs",
    "backfill": "backfill:backfill",
    "replay": "replay:replay",
    "scores": "scores:scores",
    "history": "history:history",
    "status": "status:status",
    "check": "check:check",
    "audit": "audit:audit",
    "report": "report:report",
    "resolve": "resolve:resolve",
    "accept": "resolve:accept",
    "record": "record:record",
    "prune": "prune:prune",
    "down": "database:down",
    "migrate": "database:migrate",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "url": "database:url",
    "export": "export:export",
    "psql": "database:psql",
}
"""Module of `pipelines.cli` and function of each command."""


_EXAMPLE: Final = re.compile(r"^(Example: .*?)\bgamepulse\b", re.MULTILINE)


class _Commands(TyperGroup):
    """The commands above and those of entry points, which are imported only when they are used.

    Contexts and commands are click's, which Typer imports under another name from release to release.
    """

    _shows_help = False

    def list_commands(self, ctx: Any) -> list[str]:
        return [*_commands()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = _commands().get(cmd_name)
        if command is None:
            return None
        if self._shows_help:
            return TyperCommand(cmd_name, help=_summary(command))
        added = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        added.command(name=cmd_name, context_settings={"ignore_unknown_options": cmd_name == "psql"})(command.load())
        made = typer.main.get_command(added)
        made.help = _EXAMPLE.sub(lambda found: found[1] + as_typed("gamepulse"), made.help or "")
        return made

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._shows_help = True
        super().format_help(ctx, formatter)

    def invoke(self, ctx: Any) -> Any:
        _warn_of_open_env_file()
        return super().invoke(ctx)


def _commands() -> Mapping[str, EntryPoint]:
    ours = (EntryPoint(name, f"pipelines.cli.{value}", ENTRY_POINTS) for name, value in _COMMANDS.items())
    added = importlib.metadata.entry_points(group=ENTRY_POINTS)
    return {command.name: command for command in (*ours, *sorted(added, key=lambda command: command.name))}


def _summary(command: EntryPoint) -> str:
    """Returns the first line of a function's docstring, without importing its module."""
    spec = find_spec(command.module)
    assert spec is not None
    assert spec.origin is not None
    [docstring] = (
        ast.get_docstring(node)
        for node in ast.parse(Path(spec.origin).read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == command.attr
    )
    return str(docstring).partition("\n")[0]


app = typer.Typer(cls=_Commands, no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        from pipelines.cli.output import say

        say(f"gamepulse {importlib.metadata.version('gamepulse')}")
        raise typer.Exit


@app.callback()
def _gamepulse(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Load every NCAA men's Division I basketball game into PostgreSQL."""


def main() -> None:
    """Runs a command. Errors the user can fix are printed as one sentence, without a traceback."""
    try:
        app(prog_name=as_typed("gamepulse"))
    except GamePulseError as error:
        _exit_with(str(error))
    except ValueError as error:
        from pydantic import ValidationError

        from pipelines.settings import Settings, explain_invalid

        if not isinstance(error, ValidationError) or error.title != Settings.__name__:
            raise
        _exit_with(explain_invalid(error))


def _warn_of_open_env_file() -> None:
    """Warns if other users of this machine can read or change `.env`, which may hold passwords."""
    from pipelines.settings import Settings

    path = Settings.model_config["env_file"]
    if not isinstance(path, Path):
        return
    with suppress(FileNotFoundError):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            from pipelines.cli.output import say_in_trouble

            say_in_trouble(f"Other users can open {path} (mode {mode:04o}): run `chmod 600 {path}`.", "yellow")


def _exit_with(sentence: str) -> NoReturn:
    from pipelines.cli.output import say_in_trouble

    say_in_trouble(sentence)
    sys.exit(1)
