"""Requested game dates: recorded when a run starts or a backfill is queued, so that none is forgotten.

Functions take a synchronous connection; `AsyncConnection.run_sync` calls them from a session.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

CANCELED: Final = "canceled"
"""Start of the reason of dates that a person canceled: they stay a finding, and repairs leave them alone."""


class DateState(NamedTuple):
    """What the tables hold about a game date. Times are aware."""

    game_date: dt.date
    last_requested_at: dt.datetime | None = None
    attempts: int = 0
    """Requests since the date was last settled, from the second day after the games on."""
    last_reason: str | None = None
    """Why the last attempt failed."""
    fetched_at: dt.datetime | None = None
    """Fetch of the scoreboard that was loaded last; None when none was."""
    settled_at: dt.datetime | None = None
    games_expected: int | None = None
    games_open: int = 0
    """Games that are scheduled or live."""
    contradicted_since: dt.datetime | None = None
    """Since when answers contradict a stored final score."""


def request_dates(
    connection: Connection,
    sport: str,
    dates: Sequence[dt.date],
    requested_by: str,
    now: dt.datetime | None = None,
) -> None:
    """Records that the dates are being requested now, by the database's clock unless `now` is given."""
    values = {"sport": sport, "dates": list(dates), "requested_by": requested_by, "now": now}
    connection.execute(_sql("request_dates"), values)


def record_outcomes(connection: Connection, sport: str, outcomes: Mapping[dt.date, str | None]) -> None:
    """Records the reason of each date that failed, and None for each that was loaded."""
    values = {"sport": sport, "dates": list(outcomes), "reasons": list(outcomes.values())}
    connection.execute(_sql("record_outcomes"), values)


def ensure_requested(
    connection: Connection,
    sport: str,
    dates: Sequence[dt.date],
    requested_by: str,
    requested_at: dt.datetime | None = None,
    ended_at: dt.datetime | None = None,
    reason: str | None = None,
) -> None:
    """Records requested dates whose runs may never have started, without counting an attempt.

    When the request is over, `ended_at` and `reason` are recorded for the dates that it did not load.
    """
    values = {
        "sport": sport,
        "dates": list(dates),
        "requested_by": requested_by,
        "requested_at": requested_at,
        "ended_at": ended_at,
        "reason": reason,
    }
    connection.execute(_sql("ensure_requested"), values)


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
