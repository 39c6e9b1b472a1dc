"""The command `gamepulse export`: the tables as files."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli.options import Simulate
from pipelines.cli.output import say
from pipelines.postgres.database import ready_database
from pipelines.settings import Settings
from pipelines.warehouse.export import Format, export_tables

_FIRST, _LAST = dt.date(2010, 7, 1), dt.date(2036, 7, 31)


def export(
    arguments: Annotated[
        list[str], typer.Argument(help="Folder; before it the first and the last game date.", metavar="[FROM TO] DIR")
    ],
    season: Annotated[int | None, typer.Option(help="Year in which the season starts.", min=2010, max=2035)] = None,
    file_format: Annotated[Format, typer.Option("--format", help="Format of the tables.")] = "parquet",
    simulate: Simulate = False,
) -> None:
    """Export games, details, venues, teams, standings and dates to a folder, with a manifest and a data dictionary.

    All tables are of one moment; the manifest names the dates of the range that are missing. The same rows give the
    same bytes of Parquet and CSV. A DuckDB file has the same rows, and never the same bytes: DuckDB gives each file
    identifiers of its own.

    Example: gamepulse export --season 2024 games --format parquet

    Exit codes: 0 the export is complete; 1 it is not: no date is loaded, the folder or the database cannot be used, or
    DuckDB is not installed; 2 wrong arguments.
    """
    *dates, folder = arguments
    first, last = _range(dates, season)
    with Console(stderr=True).status("Exporting"):
        url = ready_database(Settings())
        manifest = export_tables(url, Path(folder), file_format, first, last, dt.datetime.now(dt.UTC))
    say(
        f"{folder}: {manifest['rows']['game']:,} games of {manifest['dates']:,} dates, "
        f"{manifest['first_date']} to {manifest['last_date']}."
    )
    if missing := manifest["dates_missing"]:
        say(
            f"{len(missing):,} dates of the range are not loaded: run `gamepulse backfill {missing[0]} {missing[-1]}`.",
            err=True,
        )
    if unsettled := manifest["dates"] - manifest["dates_settled"]:
        say(f"{unsettled:,} of the dates are not settled: their games may change.", err=True)


def _range(dates: list[str], season: int | None) -> tuple[dt.date, dt.date]:
    if not dates:
        return (_FIRST, _LAST) if season is None else (dt.date(season, 8, 1), dt.date(season + 1, 7, 31))
    if season is not None or len(dates) != 2:
        raise typer.BadParameter("give DIR, FROM TO DIR, or --season and DIR")
    try:
        first, last = (dt.date.fromisoformat(date) for date in dates)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; dates are YYYY-MM-DD") from None
    if first > last:
        raise typer.BadParameter(f"{first} is after {last}")
    return first, last
