"""Decides what is wrong with the pipeline now, for `gamepulse status` and for alerts. Imports no Dagster."""

import datetime as dt
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from pipelines.cadence import FAILED_AFTER, STALE_AFTER
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.advice import disk_warning
from pipelines.postgres.database import connect, dagster_url, ready_database
from pipelines.repairs import MISSED_DAYS, is_left_to_a_person, is_missing
from pipelines.runtime.history import (
    CLOCK_TOLERANCE,
    HAS_TABLES,
    QUERY,
    History,
    Problem,
    find_problems,
    parse_history,
)
from pipelines.seasons import EASTERN, eastern_date
from pipelines.settings import Settings
from pipelines.warehouse.requested_dates import DateState, read_date_states, read_unsettled_dates

GIVEN_UP: Final = "given up"
STALE: Final = "today"
_ACCEPTED: Final = sa.text("""
    SELECT first_date, coalesce(last_date, first_date)
    FROM resolution
    WHERE sport = :sport
      AND check_name = 'requested_dates_are_loaded'
      AND closed_at IS NULL
      AND (until IS NULL OR until >= :today)
""")
# A megabyte in a temporary file: a read that needs no disk does not notice that the disk is full.
_WRITE: Final = sa.text("SELECT count(*) FROM generate_series(1, 100000)")


def read_problems(settings: Settings, now: dt.datetime) -> list[Problem]:
    """Returns all that is wrong at an aware moment.

    Raises:
        DatabaseError: a database cannot be used, for instance because its disk is full.
    """
    history = read_history(settings)
    with connect(ready_database(settings)) as connection:
        problems = [*history_problems(history, now), *warehouse_problems(connection, now)]
    disk = disk_warning(settings)
    return [*problems, Problem("disk", False, disk)] if disk is not None else problems


def history_problems(history: History | None, now: dt.datetime) -> list[Problem]:
    """Returns what is wrong with the daemon, the code location, the schedules and the sensors."""
    return find_problems(history if history is not None else History({}, []), now)


def read_history(settings: Settings) -> History | None:
    """Reads Dagster's tables; None when Dagster has never run on this database.

    Raises:
        DatabaseError: the database cannot be used.
    """
    with connect(dagster_url(settings)) as connection:
        if not connection.exec_driver_sql(HAS_TABLES).scalar_one():
            return None
        return parse_history(*connection.exec_driver_sql(QUERY).one())


def warehouse_problems(connection: Connection, now: dt.datetime) -> list[Problem]:
    """Returns what is wrong with the tables, and with this machine's clock, which says `now`.

    Raises:
        DatabaseError: the database cannot be used, for instance because its disk is full.
    """
    sport = MENS_BASKETBALL.sport
    at: dt.datetime = connection.scalar(sa.text("SELECT clock_timestamp()"))
    connection.exec_driver_sql("SET LOCAL work_mem = '64kB'")
    connection.execute(_WRITE)
    today = eastern_date(at)
    accepted = connection.execute(_ACCEPTED, {"sport": sport, "today": today}).all()
    [state] = read_date_states(connection, sport, [today])
    past = read_unsettled_dates(connection, sport, today, MISSED_DAYS)
    given_up = [
        state.game_date
        for state in past
        if is_missing(state)
        and is_left_to_a_person(state, MENS_BASKETBALL)
        and not any(first <= state.game_date <= last for first, last in accepted)
    ]
    return [*clock_problems(at, now), *today_problems(state, at), *given_up_problems(given_up)]


def clock_problems(database_now: dt.datetime, now: dt.datetime) -> list[Problem]:
    """Returns whether this machine's clock differs from the database's."""
    ahead = now - database_now
    if abs(ahead) <= CLOCK_TOLERANCE:
        return []
    direction = "ahead of" if ahead > dt.timedelta() else "behind"
    sentence = f"The clock of this machine is {abs(ahead).total_seconds():.0f} s {direction} the database's."
    return [Problem("clock", True, sentence)]


def today_problems(today: DateState, now: dt.datetime) -> list[Problem]:
    """Returns whether today's games are late, in the season."""
    if MENS_BASKETBALL.is_off_season(today.game_date):
        return []
    midnight = dt.datetime.combine(today.game_date, dt.time(), EASTERN)
    fetched_at = today.fetched_at
    age = now - max(fetched_at or midnight, midnight)
    last = f"last fetched at {fetched_at.astimezone(EASTERN):%Y-%m-%d %H:%M} ET" if fetched_at else "never fetched"
    if age < -CLOCK_TOLERANCE:
        return [Problem(STALE, True, f"Today, {today.game_date}, was {last}, which is in the future.")]
    if age <= STALE_AFTER:
        return []
    return [Problem(STALE, age > FAILED_AFTER, f"Today, {today.game_date}, was {last}.")]


def given_up_problems(dates: list[dt.date]) -> list[Problem]:
    """Returns whether dates are not loaded and not requested again."""
    if not dates:
        return []
    newest, more = max(dates), f" and {len(dates) - 1} more" if len(dates) > 1 else ""
    sentence = f"{newest}{more} failed and will not be requested again: load with `gamepulse backfill`."
    return [Problem(GIVEN_UP, False, sentence)]
