"""The command `gamepulse backfill`."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipelines.cli.dates import chosen_range, parse_days, parse_typed_date
from pipelines.cli.options import AsJson, Simulate, print_json
from pipelines.cli.output import say
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.seasons import eastern_date

if TYPE_CHECKING:
    from pipelines.runtime.backfill_run import Backfill


def backfill(
    first: Annotated[
        dt.date | None,
        typer.Argument(parser=parse_typed_date, help="First game date; also today or yesterday.", metavar="[FROM]"),
    ] = None,
    last: Annotated[
        dt.date | None, typer.Argument(parser=parse_typed_date, help="Last game date; default: FROM.", metavar="[TO]")
    ] = None,
    season: Annotated[
        int | None, typer.Option(min=2010, help="All dates of a season up to today: 2024 is 2024-25.")
    ] = None,
    days: Annotated[
        int | None, typer.Option("--last", parser=parse_days, help="The last days with today.", metavar="7d")
    ] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="The missing and failed dates of gamepulse status.")
    ] = False,
    details: Annotated[
        bool,
        typer.Option("--details", help="Load venue and points by period of final games instead, one request per game."),
    ] = False,
    simulate: Simulate = False,
    as_json: AsJson = False,
) -> None:
    """Load a range of game dates; a failing date does not stop the others.

    All dates are one Dagster run, or one per range without a gap. Ctrl-C cancels it; dates loaded by then are complete.
    What is wrong with a loaded date is printed: gamepulse check runs the checks of all dates.

    With --details it says first how many requests there are to send, and how long they take: a season has 6,300 games,
    which are 21 minutes. Dates beyond NCAA_API_DETAILS_PER_DAY are left for tomorrow. Only loaded games have details.

    Example: gamepulse backfill 2024-11-04 2025-04-07

    Exit codes: 0 all dates are loaded; 1 some are not; 2 wrong arguments; 130 Ctrl-C.
    """
    now = dt.datetime.now(dt.UTC)
    if missing and (first, season, days) != (None, None, None):
        raise typer.BadParameter("--missing chooses the dates itself: leave out FROM, TO, --season and --last.")
    chosen = None if missing else chosen_range(first, last, season=season, days=days, today=eastern_date(now))
    with Console(stderr=True).status("Starting Dagster"):  # its import takes seconds
        from pipelines.cli.progress import BackfillScreen, failure_table, finding_table
        from pipelines.partitions import dates_between
        from pipelines.postgres.database import connect, ready_database
        from pipelines.runtime.backfill_run import backfill as run_backfill
        from pipelines.runtime.runs import DETAILS_JOB, JOB
        from pipelines.settings import Settings
        from pipelines.warehouse.details import duration_message, pending_details, requested_today, within_budget

    dates = _missing_dates(now) if chosen is None else dates_between(*chosen)
    left: list[dt.date] = []
    if details:
        settings = Settings()
        with connect(ready_database(settings)) as connection:
            pending = pending_details(connection, MENS_BASKETBALL.sport, dates)
            spent = requested_today(connection, now)
        say(duration_message(pending, settings.ncaa_api_requests_per_second), err=True)
        chosen_details, later = within_budget(pending, settings.ncaa_api_details_per_day - spent)
        dates, left = list(chosen_details), list(later)
    screen = BackfillScreen(len(dates))
    with screen.shown():
        result = run_backfill(dates, screen.watch, job=DETAILS_JOB if details else JOB)
    if as_json:
        print_json(result.to_json() | {"dates_left": left})
    else:
        options = " --details" if details else ""
        if dates or not left:
            say(summary(result, dates, options))
        if left:
            sentence = f"{len(left)} dates exceed NCAA_API_DETAILS_PER_DAY, of which {spent} were requested before."
            say(f"{sentence} Go on tomorrow: `gamepulse backfill {left[0]} {left[-1]}{options}`.")
        if result.stale:
            dates_shown = ", ".join(sorted(date.isoformat() for date in result.stale))
            say(f"Stale answers, which changed nothing because newer ones were loaded before: {dates_shown}.")
        if result.findings:
            Console().print(finding_table(result.findings))
        if result.failed:
            Console().print(failure_table(result.failed))
        if result.error:
            say(result.error, err=True)
    if result.interrupted:
        raise typer.Exit(130)
    if len(result.loaded) < result.dates or result.error or left:
        raise typer.Exit(1)


def _missing_dates(now: dt.datetime) -> list[dt.date]:
    from pipelines.cli.status import read_warehouse
    from pipelines.postgres.database import connect, ready_database
    from pipelines.settings import Settings

    with connect(ready_database(Settings())) as connection:
        warehouse = read_warehouse(connection, now)
    return sorted({*warehouse.missing, *warehouse.failed})


def summary(result: "Backfill", dates: list[dt.date], options: str) -> str:
    """Returns what was loaded, and how to load the rest; `options` are those that the command needs."""
    if not dates:
        return "No date is missing."
    stopped = "Stopped: " if result.interrupted else ""
    loaded = f"{len(result.loaded)} of {result.dates} dates are loaded: {result.games:,} games"
    said = f"{stopped}{loaded} (run {result.run_id})."
    left = sorted(set(dates) - result.loaded)
    if result.interrupted and left:
        said += f" To go on: `gamepulse backfill {left[0]} {left[-1]}{options}`."
    return said
