"""Decides which past game dates are requested again, when and why. Pure."""

import datetime as dt
from collections.abc import Iterable
from itertools import chain
from typing import Final

from pipelines.ncaa.league import League
from pipelines.seasons import EASTERN, eastern_date, settles_at
from pipelines.warehouse.requested_dates import CANCELED, DateState

MISSED_DAYS: Final = 7
"""Days before the first start that are loaded without having been requested."""
MAX_REPAIRS: Final = 12
"""Repairs of a date that is not loaded, until it is left to a person; a check goes on reporting it."""
LOCAL_WAIT: Final = dt.timedelta(minutes=1)
"""Time from a failure in this installation to the first repair. Each further one waits twice as long."""
SOURCE_WAIT: Final = dt.timedelta(hours=1)
"""The same for a failure of the source."""
MAX_ATTEMPTS: Final = 7
"""Repairs of a loaded date from the second day after the games on, until it is left to a person."""
FREQUENT: Final = dt.timedelta(hours=1)
RARE: Final = dt.timedelta(days=1)
REPAIRS_AT_ONCE: Final = 20
"""Repairs queued or under way at most, so that thousands of dates do not fill the queue."""
OUTAGE_REPAIRS_AT_ONCE: Final = 2
"""The same while no date loads."""
CONTRADICTION_PENDING: Final = dt.timedelta(hours=6)
"""Age from which a second answer decides about a contradicted final score (docs/rules.md, "Evidence decides")."""


def unsettled_reason(state: DateState, league: League) -> str | None:
    """Returns why a past date is not settled, or None when it is."""
    if state.fetched_at is None:
        return "failed and never loaded" if state.last_reason is not None else "never loaded"
    if has_failed(state):
        return "its last run failed"
    if state.contradicted_since is not None:
        since = state.contradicted_since.astimezone(EASTERN)
        return f"not settled: a final score is contradicted since {since:%Y-%m-%d %H:%M} ET"
    if state.settled_at is not None:
        return None
    if state.games_expected is None and not league.is_off_season(state.game_date):
        return "not settled: its calendar is unknown"
    if state.games_open:
        return f"not settled: {state.games_open} games scheduled or live"
    if state.fetched_at < settles_at(state.game_date):
        return "not settled: corrections may come until noon of the second day after"
    return "not settled"


def has_failed(state: DateState) -> bool:
    """Returns whether the last attempt failed and no load came after it."""
    if state.last_reason is None or state.last_requested_at is None:
        return False
    return state.fetched_at is None or state.fetched_at < state.last_requested_at


def is_missing(state: DateState) -> bool:
    """Returns whether the date was never loaded, or its last attempt failed."""
    return state.fetched_at is None or has_failed(state)


def repair_reason(state: DateState, league: League, now: dt.datetime) -> str | None:
    """Returns why the date is due for another request at an aware moment, or None when it is not.

    A date that was never requested is due at once. One that is missing is due after a wait that doubles with each
    repair, from `LOCAL_WAIT` or `SOURCE_WAIT` up to a day, for `MAX_REPAIRS` repairs. Repairs in an outage, while no
    date loads, count only until it is over.

    A loaded date that is not settled is due hourly on the day after the games, then daily and once when it can settle,
    for `MAX_ATTEMPTS` repairs. A contradiction is checked after six hours, then daily.
    """
    day_over = dt.datetime.combine(state.game_date + dt.timedelta(days=1), dt.time(), EASTERN)
    reason = unsettled_reason(state, league)
    if reason is None or now < day_over or is_left_to_a_person(state, league):
        return None
    attempts = [moment for moment in (state.fetched_at, state.last_requested_at) if moment is not None]
    if not attempts:
        return reason
    last = max(attempts)
    if is_missing(state):
        return reason if now - last >= _wait(state) else None
    if state.contradicted_since is not None:
        decides_at = state.contradicted_since + CONTRADICTION_PENDING
        return reason if now >= (decides_at if last < decides_at else last + RARE) else None
    can_settle = last < settles_at(state.game_date) <= now
    return reason if can_settle or now - last >= (FREQUENT if now < day_over + RARE else RARE) else None


def is_left_to_a_person(state: DateState, league: League) -> bool:
    """Returns whether a date that is not settled is not requested again: by a cancellation, or after all repairs."""
    if unsettled_reason(state, league) is None:
        return False
    if is_missing(state):
        return _is_canceled(state) or _repairs_counted(state) >= MAX_REPAIRS
    return state.attempts >= MAX_ATTEMPTS


def with_repair(state: DateState, now: dt.datetime) -> DateState:
    """Returns the state with a repair at an aware moment counted, and its last request unchanged."""
    if state.last_requested_at is None:
        return state
    if not is_missing(state):
        return state._replace(attempts=state.attempts + (eastern_date(now) >= state.game_date + dt.timedelta(days=2)))
    if _others_load(state):
        return state._replace(repairs=state.repairs + 1, outage_repairs=0)
    return state._replace(outage_repairs=state.outage_repairs + 1)


def choose_repairs(due: Iterable[DateState], unfinished: int) -> list[DateState]:
    """Returns which of the due dates are requested now, beside the unfinished repairs.

    Takes alternately the newest date and the one that has waited longest, so that neither recent games nor old ones
    wait for all others.
    """
    newest = sorted(due, key=lambda state: state.game_date, reverse=True)
    waiting = sorted(newest, key=lambda state: state.last_requested_at or dt.datetime.min.replace(tzinfo=dt.UTC))
    room, room_in_outage = (limit - unfinished for limit in (REPAIRS_AT_ONCE, OUTAGE_REPAIRS_AT_ONCE))
    chosen: list[DateState] = []
    for state in dict.fromkeys(chain.from_iterable(zip(newest, waiting, strict=True))):
        if len(chosen) >= room:
            break
        if _others_load(state):
            chosen.append(state)
        elif room_in_outage > 0:
            chosen.append(state)
            room_in_outage -= 1
    return chosen


def _wait(state: DateState) -> dt.timedelta:
    first = SOURCE_WAIT if state.last_failure_is_local is False else LOCAL_WAIT
    return min(first * (1 << _repairs_counted(state)), RARE)


def _repairs_counted(state: DateState) -> int:
    return state.repairs if _others_load(state) else state.repairs + state.outage_repairs


def _others_load(state: DateState) -> bool:
    """Returns whether any date was loaded since this one was requested; if not, there may be an outage."""
    if state.last_requested_at is None:
        return True
    return state.newest_load_at is not None and state.newest_load_at > state.last_requested_at


def _is_canceled(state: DateState) -> bool:
    return has_failed(state) and (state.last_reason or "").startswith(CANCELED)
