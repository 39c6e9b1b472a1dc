"""The command `gamepulse backfill`."""

import datetime as dt
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli.options import AsJson, Simulate, print_json


def backfill(
    first: Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], help="First game date.", metavar="FROM")],
    last: Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], help="Last game date.", metavar="TO")],
    simulate: Simulate = False,
    as_json: AsJson = False,
) -> None:
    """Load a range of game dates; a failing date does not stop the others.

    All dates are one Dagster run. Ctrl-C cancels it; dates loaded by then are complete. What is wrong with a loaded
    date is printed: gamepulse check runs the checks of all dates.

    Example: gamepulse backfill 2024-11-04 2025-04-07

    Exit codes: 0 all dates are loaded; 1 some are not; 2 wrong arguments; 130 Ctrl-C.
    """
    with Console(stderr=True).status("Starting Dagster"):  # its import takes seconds
        from pipelines.cli.progress import BackfillScreen, failure_table, finding_table
        from pipelines.partitions import dates_between
        from pipelines.runtime.backfill_run import backfill as run_backfill

    dates = dates_between(first.date(), last.date())
    screen = BackfillScreen(len(dates))
    with screen.shown():
        result = run_backfill(dates, screen.watch)
    if as_json:
        print_json(result.to_json())
    else:
        stopped = "Stopped: " if result.interrupted else ""
        typer.echo(f"{stopped}{len(result.loaded)} of {result.dates} dates are loaded (run {result.run_id}).")
        if result.stale:
            dates_shown = ", ".join(sorted(date.isoformat() for date in result.stale))
            typer.echo(f"Stale answers, which changed nothing because newer ones were loaded before: {dates_shown}.")
        if result.findings:
            Console().print(finding_table(result.findings))
        if result.failed:
            Console().print(failure_table(result.failed))
        if result.error:
            typer.echo(result.error, err=True)
    if result.interrupted:
        raise typer.Exit(130)
    if len(result.loaded) < result.dates or result.error:
        raise typer.Exit(1)
