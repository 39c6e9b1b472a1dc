"""Decides which past game dates are requested again, when and why. Pure."""

import datetime as dt
from typing import Final

from pipelines.ncaa.league import League
from pipelines.seasons import EASTERN, settles_at
from pipelines.warehouse.requested_dates import CANCELED, DateState

MISSED_DAYS: Final = 7
"""Days before the first start that are loaded without having been requested."""
MAX_ATTEMPTS: Final = 7
"""Requests from the second day after the games on, until a date is left to a person; a check goes on reporting it."""
FREQUENT: Final = dt.timedelta(hours=1)
RARE: Final = dt.timedelta(days=1)
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


def repair_reason(state: DateState, league: League, now: dt.datetime) -> str | None:
    """Returns why the date is due for another request at an aware moment, or None when it is not.

    Hourly on the day after the games, then daily and once when the date can settle, for at most `MAX_ATTEMPTS`
    requests, however old the date is. The first request after a date was never loaded comes within an hour. A
    contradiction is checked after six hours, then daily.
    """
    day_over = dt.datetime.combine(state.game_date + dt.timedelta(days=1), dt.time(), EASTERN)
    reason = unsettled_reason(state, league)
    if reason is None or now < day_over or state.attempts >= MAX_ATTEMPTS or _is_canceled(state):
        return None
    attempts = [moment for moment in (state.fetched_at, state.last_requested_at) if moment is not None]
    if not attempts:
        return reason
    last = max(attempts)
    if state.contradicted_since is not None and not has_failed(state):
        decides_at = state.contradicted_since + CONTRADICTION_PENDING
        return reason if now >= (decides_at if last < decides_at else last + RARE) else None
    is_frequent = now < day_over + RARE or (state.fetched_at is None and state.attempts <= 1)
    can_settle = last < settles_at(state.game_date) <= now
    return reason if can_settle or now - last >= (FREQUENT if is_frequent else RARE) else None


def _is_canceled(state: DateState) -> bool:
    return has_failed(state) and (state.last_reason or "").startswith(CANCELED)


def is_missing(state: DateState) -> bool:
    """Returns whether the date was never loaded, or its last attempt failed."""
    return state.fetched_at is None or has_failed(state)


def is_left_to_a_person(state: DateState, league: League) -> bool:
    """Returns whether a date that is not settled is not requested again."""
    return unsettled_reason(state, league) is not None and (state.attempts >= MAX_ATTEMPTS or _is_canceled(state))
