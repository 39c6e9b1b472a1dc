"""The command `gamepulse report`: the coverage of each season as an HTML page."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipelines.cli.options import Simulate
from pipelines.cli.output import say
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.assets.coverage_report import Report


def report(
    file: Annotated[Path, typer.Argument(help="File to write; an existing one is replaced.")] = Path("coverage.html"),
    simulate: Simulate = False,
) -> None:
    """Write one static HTML page with what is loaded, settled, missing and confirmed by the standings of each season.

    The asset coverage_report writes the same page each morning.

    Example: gamepulse report coverage.html

    Exit codes: 0 the page is written, whatever it says; 1 the database or the file cannot be used; 2 wrong arguments.
    """
    with Console(stderr=True).status("Running the checks"):  # the import of Dagster takes seconds
        written = asyncio.run(_write(Settings(), file))
    say(f"{written.file.as_uri()} shows {written.dates:,} dates.")


async def _write(settings: Settings, file: Path) -> "Report":
    from pipelines.assets.coverage_report import write_report

    async with Database(settings) as database:
        return await write_report(database, file, "Choose another file.")
