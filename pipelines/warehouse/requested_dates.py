"""Requested game dates: recorded when a run starts or a backfill is queued, so that none is forgotten.

Functions take a synchronous connection; `AsyncConnection.run_sync` calls them from a session.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from pipelines.errors import GamePulseError

SCHEDULE: Final = "schedule"
REPAIR: Final = "repair"
"""Requesters; each other one is a person."""
CANCELED: Final = "canceled"
"""Start of the reason of dates that a person canceled: they stay a finding, and repairs leave them alone."""


class DateState(NamedTuple):
    """What the tables hold about a game date. Times are aware."""

    game_date: dt.date
    last_requested_at: dt.datetime | None = None
    attempts: int = 0
    """Repairs of the loaded date since a person last requested it, from the second day after the games on."""
    last_reason: str | None = None
    """Why the last attempt failed."""
    last_failure_is_local: bool | None = None
    """Whether it failed in this installation and not at the source."""
    repairs: int = 0
    """Repairs since the date was last loaded or requested by a person, while other dates loaded."""
    outage_repairs: int = 0
    """Repairs in the current outage, in which no date loads."""
    fetched_at: dt.datetime | None = None
    """Fetch of the scoreboard that was loaded last; None when none was."""
    settled_at: dt.datetime | None = None
    games_expected: int | None = None
    games_open: int = 0
    """Games that are scheduled or live."""
    contradicted_since: dt.datetime | None = None
    """Since when answers contradict a stored final score."""
    newest_load_at: dt.datetime | None = None
    """Newest fetch that was loaded of any date."""


def request_dates(
    connection: Connection,
    sport: str,
    dates: Sequence[dt.date],
    requested_by: str,
    requested_at: dt.datetime | None = None,
) -> None:
    """Records that the dates were requested at a moment, by the database's clock now unless it is given."""
    values = {
        "sport": sport,
        "dates": list(dates),
        "requested_by": requested_by,
        "requested_at": requested_at,
        "counts_anew": requested_by not in (SCHEDULE, REPAIR),
    }
    connection.execute(_sql("request_dates"), values)


def request_repairs(connection: Connection, sport: str, states: Sequence[DateState], now: dt.datetime) -> set[dt.date]:
    """Records repairs of dates, whose states have the new counts, and returns the dates to be repaired.

    Those that were requested since their state was read are left out.
    """
    values = {
        "sport": sport,
        "dates": [state.game_date for state in states],
        "seen": [state.last_requested_at for state in states],
        "attempts": [state.attempts for state in states],
        "repairs": [state.repairs for state in states],
        "outage_repairs": [state.outage_repairs for state in states],
        "now": now,
    }
    return set(connection.scalars(_sql("request_repairs"), values))


def record_outcomes(connection: Connection, sport: str, outcomes: Mapping[dt.date, GamePulseError | None]) -> None:
    """Records the error of each date that failed, and None for each that was loaded."""
    errors = list(outcomes.values())
    values = {
        "sport": sport,
        "dates": list(outcomes),
        "reasons": [str(error) if error is not None else None for error in errors],
        "are_local": [error.is_local if error is not None else None for error in errors],
    }
    connection.execute(_sql("record_outcomes"), values)


def record_lost(
    connection: Connection,
    sport: str,
    dates: Sequence[dt.date],
    requested_at: dt.datetime,
    ended_at: dt.datetime,
    reason: str,
) -> None:
    """Records the reason of the dates that a request did not load, where its runs did not.

    Dates that were loaded since, or requested since it ended, are left out.
    """
    values = {
        "sport": sport,
        "dates": list(dates),
        "requested_at": requested_at,
        "ended_at": ended_at,
        "reason": reason,
    }
    connection.execute(_sql("record_lost"), values)


def read_date_states(connection: Connection, sport: str, dates: Sequence[dt.date]) -> list[DateState]:
    """Returns what the tables hold about each date, in the same order."""
    rows = connection.execute(_sql("date_states"), {"sport": sport, "dates": list(dates)})
    return [DateState(*row) for row in rows]


def read_unsettled_dates(connection: Connection, sport: str, today: dt.date, missed_days: int) -> list[DateState]:
    """Returns the past dates that may need a repair, newest first.

    They include days that nothing requested: those of the last `missed_days`, and all since the schedule first ran.
    """
    values = {"sport": sport, "today": today, "missed_days": missed_days}
    return read_date_states(connection, sport, list(connection.scalars(_sql("unsettled_dates"), values)))


def _sql(name: str) -> sa.TextClause:
    return sa.text(files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8"))
