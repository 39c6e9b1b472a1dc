"""The command `gamepulse replay`."""

import datetime as dt
import os
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli.options import AsJson, Simulate, print_json
from pipelines.cli.output import say
from pipelines.settings import Settings


def replay(
    first: Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], help="First game date.", metavar="FROM")],
    last: Annotated[dt.datetime, typer.Argument(formats=["%Y-%m-%d"], help="Last game date.", metavar="TO")],
    into: Annotated[
        str | None,
        typer.Option(metavar="DATABASE", help="Load into a new database of this name, on the same server."),
    ] = None,
    simulate: Simulate = False,
    as_json: AsJson = False,
) -> None:
    """Load a range of game dates again from the archive of raw answers, with no request to the API.

    What the tables hold of the dates is replaced, a season at a time, by what this version makes of the answers. Dates
    that the archive does not have stay as they are. People's resolutions apply as they did.

    With --into, a new database gets the archive, the resolutions and the dates, and the database in use stays as it is.

    Example: gamepulse replay 2025-11-03 2026-04-06 --into rebuilt

    Exit codes: 0 the dates of the archive are loaded; 1 some are not, or it has none; 2 wrong arguments; 130 Ctrl-C.
    """
    with Console(stderr=True).status("Starting Dagster"):  # its import takes seconds
        from pipelines.cli.progress import BackfillScreen, failure_table
        from pipelines.partitions import dates_between
        from pipelines.postgres.archive_copy import copy_archive
        from pipelines.runtime.backfill_run import backfill as run_backfill
        from pipelines.runtime.runs import REPLAY_TAG

    dates = dates_between(first.date(), last.date())
    if into is not None:
        with Console(stderr=True).status(f"Copying the archive to {into}"):
            _use(copy_archive(Settings(), into).render_as_string(hide_password=False))
    screen = BackfillScreen(len(dates))
    with screen.shown():
        result = run_backfill(dates, screen.watch, {REPLAY_TAG: "archive"})
    if as_json:
        print_json(result.to_json())
    else:
        stopped = "Stopped: " if result.interrupted else ""
        absent = result.dates - len(result.loaded) - len(result.failed)
        say(
            f"{stopped}{len(result.loaded)} dates are loaded from the archive (run {result.run_id}), which has no "
            f"answers about {absent} others of the range."
        )
        if result.failed:
            Console().print(failure_table(result.failed))
        if result.error:
            say(result.error, err=True)
    if result.interrupted:
        raise typer.Exit(130)
    if result.failed or result.error or not result.loaded:
        raise typer.Exit(1)


def _use(database_url: str) -> None:
    """Makes another database that of this process, and its Dagster's."""
    os.environ["DATABASE_URL"] = database_url
    os.environ.pop("DATABASE_URL_FILE", None)
    os.environ.pop("GAMEPULSE_SIMULATE", None)
    if "DAGSTER_DATABASE_URL" in os.environ or "DAGSTER_DATABASE_URL_FILE" in os.environ:
        os.environ["DAGSTER_DATABASE_URL"] = database_url
        os.environ.pop("DAGSTER_DATABASE_URL_FILE", None)
