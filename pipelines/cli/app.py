"""`gamepulse`: the commands, and how their errors are printed."""

import ast
import re
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from pipelines.cli.invocation import as_typed
from pipelines.errors import GamePulseError

ENTRY_POINTS: Final = "gamepulse.commands"
"""Group of the entry points with which a package beside `pipelines` adds a command."""
_OURS: Final = {
    "up": "pipelines.cli.up:up",
    "logs": "pipelines.cli.up:logs",
    "backfill": "pipelines.cli.backfill:backfill",
    "replay": "pipelines.cli.replay:replay",
    "scores": "pipelines.cli.scores:scores",
    "history": "pipelines.cli.history:history",
    "status": "pipelines.cli.status:status",
    "check": "pipelines.cli.check:check",
    "audit": "pipelines.cli.audit:audit",
    "report": "pipelines.cli.report:report",
    "resolve": "pipelines.cli.resolve:resolve",
    "accept": "pipelines.cli.resolve:accept",
    "record": "pipelines.cli.record:record",
    "prune": "pipelines.cli.prune:prune",
    "down": "pipelines.cli.database:down",
    "migrate": "pipelines.cli.database:migrate",
    "backup": "pipelines.cli.backup:backup",
    "restore": "pipelines.cli.backup:restore",
    "url": "pipelines.cli.database:url",
    "export": "pipelines.cli.export:export",
    "psql": "pipelines.cli.database:psql",
}
"""Module and function of each command."""


_EXAMPLE: Final = re.compile(r"^(Example: .*?)\bgamepulse\b", re.MULTILINE)


class _Commands(TyperGroup):
    """The commands above and those of entry points, which are imported only when they are used.

    Contexts and commands are click's, which Typer imports under another name from release to release.
    """

    _shows_help = False

    def list_commands(self, ctx: Any) -> list[str]:
        return [*_OURS, *_added()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = _OURS.get(cmd_name) or _added().get(cmd_name)
        if command is None:
            return None
        module, _, function = command.partition(":")
        if self._shows_help:
            return TyperCommand(cmd_name, help=_summary(module, function))
        added = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        settings = {"ignore_unknown_options": cmd_name == "psql"}
        added.command(name=cmd_name, context_settings=settings)(getattr(import_module(module), function))
        made = typer.main.get_command(added)
        made.help = _EXAMPLE.sub(lambda found: found[1] + as_typed("gamepulse"), made.help or "")
        return made

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._shows_help = True
        super().format_help(ctx, formatter)

    def invoke(self, ctx: Any) -> Any:
        _warn_of_open_env_file()
        return super().invoke(ctx)


@cache
def _added() -> Mapping[str, str]:
    """Module and function of the commands of entry points, which takes 20 ms to find out."""
    import importlib.metadata

    found = importlib.metadata.entry_points(group=ENTRY_POINTS)
    return {command.name: command.value for command in sorted(found, key=lambda command: command.name)}


def _summary(module: str, function: str) -> str:
    """Returns the first line of a function's docstring, without importing its module."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    [docstring] = (
        ast.get_docstring(node)
        for node in ast.parse(Path(spec.origin).read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == function
    )
    return str(docstring).partition("\n")[0]


app = typer.Typer(cls=_Commands, no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

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
