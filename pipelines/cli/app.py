"""`gamepulse`: the commands, and how their errors are printed."""

import stat
import sys
from contextlib import suppress
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from pipelines.cli.backfill import backfill
from pipelines.cli.backup import backup, restore
from pipelines.cli.check import check
from pipelines.cli.database import down, migrate, psql, url
from pipelines.cli.invocation import type_commands
from pipelines.cli.prune import prune
from pipelines.cli.replay import replay
from pipelines.cli.resolve import accept, resolve
from pipelines.cli.scores import scores
from pipelines.cli.status import status
from pipelines.cli.up import up
from pipelines.errors import GamePulseError
from pipelines.settings import Settings, explain_invalid

ENTRY_POINTS = "gamepulse.commands"
"""Group of the entry points with which a package beside `pipelines` adds a command."""


class _Commands(TyperGroup):
    """The commands below and those of entry points, which are imported only when they are used.

    Contexts and commands are click's, which Typer imports under another name from release to release.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *sorted(_entry_points())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        entry_point = _entry_points().get(cmd_name)
        if entry_point is None:
            return super().get_command(ctx, cmd_name)
        added = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        added.command(name=cmd_name)(entry_point.load())
        return typer.main.get_command(added)


def _entry_points() -> dict[str, EntryPoint]:
    return {entry_point.name: entry_point for entry_point in entry_points(group=ENTRY_POINTS)}


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Load every NCAA men's Division I basketball game into PostgreSQL.",
)
app.command()(up)
app.command()(backfill)
app.command()(replay)
app.command()(scores)
app.command()(status)
app.command()(check)
app.command()(resolve)
app.command()(accept)
app.command()(prune)
app.command()(down)
app.command()(migrate)
app.command()(backup)
app.command()(restore)
app.command()(url)
app.command(context_settings={"ignore_unknown_options": True})(psql)


def main() -> None:
    """Runs a command. Errors the user can fix are printed as one sentence, without a traceback."""
    _warn_of_open_env_file()
    try:
        app()
    except GamePulseError as error:
        _exit_with(str(error))
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        _exit_with(explain_invalid(error))


def _warn_of_open_env_file() -> None:
    """Warns if other users of this machine can read or change `.env`, which may hold passwords."""
    path = Settings.model_config["env_file"]
    if not isinstance(path, Path):
        return
    with suppress(FileNotFoundError):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            warning = f"[bold yellow]gamepulse:[/] Other users can open {escape(str(path))} (mode {mode:04o}): run"
            Console(stderr=True).print(f"{warning} `chmod 600 {escape(str(path))}`.", highlight=False, soft_wrap=True)


def _exit_with(sentence: str) -> NoReturn:
    Console(stderr=True).print(
        f"[bold red]gamepulse:[/] {escape(type_commands(sentence))}", highlight=False, soft_wrap=True
    )
    sys.exit(1)
