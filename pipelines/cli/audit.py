"""The command `gamepulse audit`: how our records differ from the NCAA's standings."""

import contextlib
import datetime as dt
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table

from pipelines.cli.options import AsJson, Simulate, print_json
from pipelines.cli.output import cell, say
from pipelines.errors import ConfigurationError, GamePulseError
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect, ready_database
from pipelines.seasons import eastern_date, season_of
from pipelines.settings import Settings

_AUDIT: Final = sa.text(Path(__file__).with_name("audit.sql").read_text())


def audit(
    season: Annotated[
        int | None, typer.Option(help="Calendar year in which the season starts; default: the newest audited one.")
    ] = None,
    load: Annotated[bool, typer.Option("--load", help="Load today's standings and compare them first.")] = False,
    simulate: Simulate = False,
    as_json: AsJson = False,
) -> None:
    """Show how our records differ from the NCAA's standings.

    Each morning the asset ncaa_standings loads the standings and compares each team's record with the games. A
    difference is shown until later standings agree; gamepulse accept explains one that stays.

    Example: gamepulse audit --season 2025

    With --load it is a Dagster run, as by Materialize in the UI.

    Exit codes: 0 all compared records agree, or their difference is explained; 1 some do not, nothing was compared, the
    newest standings are not of today or yesterday, or the database cannot be used; 2 wrong arguments.
    """
    today = eastern_date(dt.datetime.now(dt.UTC))
    url = ready_database(Settings())
    if load:
        _load_standings(today)
    with connect(url) as connection:
        row = connection.execute(_AUDIT, {"season": season, "today": today}).one_or_none()
    if row is None:
        of_season = "" if season is None else f" of season {season}"
        raise ConfigurationError(
            f"No standings{of_season} are loaded. The daemon loads today's each morning of the season; "
            "`gamepulse audit --load` does at once."
        )
    found: dict[str, Any] = row._asdict()
    found["is_late"] = (
        found["season"] == season_of(today)
        and not MENS_BASKETBALL.is_off_season(today)
        and found["as_of"] < today - dt.timedelta(days=1)
    )
    if as_json:
        print_json(found)
    else:
        say(summary(found))
        if found["discrepancies"]:
            Console().print(discrepancy_table(found["discrepancies"]))
    if (
        found["is_late"]
        or found["not_compared"] == found["teams"]
        or any(discrepancy["explained"] is None for discrepancy in found["discrepancies"])
    ):
        raise typer.Exit(1)


def _load_standings(today: dt.date) -> None:
    """Runs the asset for today.

    Raises:
        GamePulseError: the run failed, or was interrupted; why.
    """
    # The import of Dagster takes seconds. Log events stay away from stdout, as in a backfill.
    with (
        Console(stderr=True).status("Loading the standings"),
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
    ):
        from pipelines.runtime.backfill_run import backfill
        from pipelines.runtime.runs import AUDIT_JOB

        result = backfill([today], lambda event: None, job=AUDIT_JOB)
    if not result.loaded:
        reason = result.failed.get(today) or result.error or "The run was interrupted."
        raise GamePulseError(f"The standings of {today} were not loaded. {reason} (run {result.run_id})")


def summary(found: Mapping[str, Any]) -> str:
    """Returns the sentences above the table."""
    lines = [
        f"{found['agreed']} of {found['teams']} records equal the NCAA's standings of {found['as_of']}, which count "
        f"games up to {found['covers']}."
    ]
    if found["is_late"]:
        lines.append("They are late: `gamepulse audit --load` loads today's.")
    if found["not_compared"]:
        lines.append(f"{found['not_compared']} were not compared. {' '.join(found['reasons'])}")
    if found["resolved"]:
        lines.append(f"{found['resolved']} earlier differences of the season are resolved.")
    return "\n".join(lines)


def discrepancy_table(discrepancies: list[Mapping[str, Any]]) -> Table:
    """Returns one row per difference."""
    table = Table("Team", "NCAA", "GamePulse", "Games", "Since", "Explained by")
    for found in discrepancies:
        table.add_row(
            found["school"],
            found["theirs"] or "not listed",
            found["ours"] or "unknown name",
            cell("\n".join(found["game_ids"]) or "not known"),
            found["first_seen"],
            cell(found["explained"] or "nobody"),
        )
    return table
