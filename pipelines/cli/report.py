"""The command `gamepulse report`: the coverage of each season as an HTML page."""

import asyncio
import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console

from pipelines.cli.options import Simulate
from pipelines.cli.output import say
from pipelines.errors import ConfigurationError
from pipelines.health.report import read_agreements, read_days, report_html
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect, ready_database
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings


def report(
    file: Annotated[Path, typer.Argument(help="File to write; an existing one is replaced.")] = Path("coverage.html"),
    simulate: Simulate = False,
) -> None:
    """Write one static HTML page with what is loaded, settled, missing and confirmed by the standings of each season.

    Example: gamepulse report coverage.html

    Exit codes: 0 the page is written, whatever it says; 1 the database or the file cannot be used; 2 wrong arguments.
    """
    settings = Settings()
    url = ready_database(settings)
    with Console(stderr=True).status("Running the checks"):  # the import of Dagster takes seconds
        now, findings = asyncio.run(_findings(settings))
    with connect(url) as connection:
        days = read_days(connection, MENS_BASKETBALL.sport, findings)
        agreements = read_agreements(connection, MENS_BASKETBALL.sport)
        is_simulated = bool(connection.scalar(sa.text("SELECT bool_or(is_simulated) FROM scoreboard")))
    page = report_html(days, agreements, findings[None], now, is_simulated=is_simulated)
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}. Choose another file.") from None
    say(f"{file.absolute().as_uri()} shows {len(days):,} dates.")


async def _findings(settings: Settings) -> tuple[dt.datetime, Counter[dt.date | None]]:
    from pipelines.assets.checks import open_findings

    async with Database(settings) as database:
        now = await database.now()
        return now, Counter(finding.game_date for finding in await open_findings(database, now))
