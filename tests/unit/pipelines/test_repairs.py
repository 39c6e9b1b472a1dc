"""Which dates are requested again, when, and how often: the pure decision at explicit times."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.builders import at, day

from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.repairs import MAX_ATTEMPTS, repair_reason, unsettled_reason
from pipelines.seasons import EASTERN, settles_at
from pipelines.warehouse.requested_dates import CANCELED, DateState

DATE = day("2026-01-10")
LONG_AGO = day("2014-02-01")
NEVER = DateState(DATE)
SETTLING = "2026-01-12 13:00"


def unsettled(given: DateState) -> str | None:
    return unsettled_reason(given, MENS_BASKETBALL)


def repair(given: DateState, now: dt.datetime) -> str | None:
    return repair_reason(given, MENS_BASKETBALL, now)


def state(**values: Any) -> DateState:
    """A date with a known calendar; times may be Eastern text."""
    times = {name: at(value) for name, value in values.items() if isinstance(value, str) and name != "last_reason"}
    return DateState(**({"game_date": DATE, "games_expected": 5} | values | times))


def loaded(moment: str | dt.datetime, **values: Any) -> DateState:
    """Requested and loaded at that time; settled where nothing speaks against it."""
    fetched_at = at(moment) if isinstance(moment, str) else moment
    date = values.get("game_date", DATE)
    is_settled = fetched_at >= settles_at(date) and not values.get("games_open")
    defaults = {"settled_at": fetched_at if is_settled else None}
    return state(**(defaults | {"fetched_at": fetched_at, "last_requested_at": fetched_at} | values))


def failed(moment: str | dt.datetime, **values: Any) -> DateState:
    """Its last request was at that time and failed."""
    return state(last_requested_at=moment, last_reason="GET gave 500.", **values)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (NEVER, "never loaded"),
        (failed("2026-01-10 20:00"), "failed and never loaded"),
        (failed("2026-01-13 20:00", fetched_at="2026-01-12 13:00"), "its last run failed"),
        (
            failed("2026-01-13 20:00", fetched_at="2026-01-12 13:00", settled_at="2026-01-12 13:00"),
            "its last run failed",
        ),
        (loaded("2026-01-10 23:00", games_open=3), "not settled: 3 games scheduled or live"),
        (loaded("2026-01-12 13:00", games_open=1), "not settled: 1 games scheduled or live"),
        (loaded("2026-01-12 11:59:59"), "not settled: corrections may come until noon of the second day after"),
        (loaded("2026-01-12 12:00"), None),
        (loaded("2026-01-12 12:00", games_expected=None, settled_at=None), "not settled: its calendar is unknown"),
        (
            loaded("2026-01-20 12:00", contradicted_since="2026-01-20 12:00"),
            "not settled: a final score is contradicted since 2026-01-20 12:00 ET",
        ),
        (loaded("2026-01-12 12:00", settled_at=None), "not settled"),
    ],
)
def test_a_date_is_settled_when_the_load_said_so_and_nothing_came_after(given: DateState, reason: str | None) -> None:
    assert unsettled(given) == reason


def test_an_unknown_calendar_of_the_off_season_is_no_reason() -> None:
    off_season = loaded("2026-07-04 12:00", game_date=day("2026-07-02"), games_expected=None, settled_at=None)
    assert unsettled(off_season) != "not settled: its calendar is unknown"


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-01-10 23:59:59", False),  # the schedule's
        ("2026-01-11 00:00", True),
        ("2026-01-18 00:00", True),
        ("2036-01-18 00:00", True),
    ],
)
def test_a_missed_date_is_due_from_the_next_midnight_at_any_age(now: str, due: bool) -> None:
    assert repair(NEVER, at(now)) == ("never loaded" if due else None)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        ("2026-01-11 03:00", "2026-01-11 03:59:59", False),
        ("2026-01-11 03:00", "2026-01-11 04:00", True),
        ("2026-01-11 22:59", "2026-01-11 23:59", True),
        ("2026-01-11 23:30", "2026-01-12 00:30", False),  # the second day: daily
        ("2026-01-12 13:00", "2026-01-13 12:59:59", False),
        ("2026-01-12 13:00", "2026-01-13 13:00", True),
        ("2026-01-17 01:00", "2026-01-18 01:00", True),
        ("2026-03-17 01:00", "2026-03-18 00:59:59", False),
        ("2026-03-17 01:00", "2026-03-18 01:00", True),
    ],
)
def test_a_failed_date_is_requested_hourly_on_the_day_after_and_then_daily(last: str, now: str, due: bool) -> None:
    assert (repair(failed(last, attempts=2), at(now)) is not None) == due
    assert (repair(loaded(last, games_open=2), at(now)) is not None) == due


def test_the_first_repair_of_an_old_date_comes_within_the_hour_and_the_next_daily() -> None:
    """A backfill whose runs the database's absence canceled is made up for the same day."""
    for attempts, hours in ((0, 1), (1, 1), (2, 24), (6, 24)):
        old = failed("2026-01-10 20:00", game_date=LONG_AGO, attempts=attempts)
        due = at("2026-01-10 20:00") + dt.timedelta(hours=hours)
        assert repair(old, due - dt.timedelta(seconds=1)) is None
        assert repair(old, due) == "failed and never loaded"


def test_a_date_is_left_to_a_person_after_seven_attempts() -> None:
    for date in (
        failed("2026-01-10 20:00", game_date=LONG_AGO),
        loaded("2026-01-10 20:00", game_date=LONG_AGO, games_open=1),
        loaded("2026-01-10 20:00", game_date=LONG_AGO, contradicted_since="2026-01-10 20:00"),
        loaded("2026-01-10 20:00", game_date=LONG_AGO, games_expected=None, settled_at=None),
    ):
        next_year = at("2027-01-10 20:00")
        assert repair(date._replace(attempts=MAX_ATTEMPTS - 1), next_year) is not None
        assert repair(date._replace(attempts=MAX_ATTEMPTS), next_year) is None
        assert unsettled(date) is not None, "it stays a finding"


def test_a_date_that_a_person_canceled_is_left_alone() -> None:
    canceled = failed("2026-01-10 20:00", game_date=LONG_AGO)._replace(last_reason=f"{CANCELED} with backfill abc")
    assert repair(canceled, at("2026-01-20 20:00")) is None
    assert unsettled(canceled) is not None


@pytest.mark.parametrize(
    ("fetched_at", "now", "due"),
    [
        ("2026-02-01 10:00", "2026-02-01 15:59:59", False),
        ("2026-02-01 10:00", "2026-02-01 16:00", True),
        ("2026-02-01 15:59", "2026-02-01 16:00", True),  # that answer could not decide
        ("2026-02-01 16:00", "2026-02-02 15:59:59", False),
        ("2026-02-01 16:00", "2026-02-02 16:00", True),
    ],
)
def test_a_contradiction_is_checked_once_after_six_hours_and_then_daily(fetched_at: str, now: str, due: bool) -> None:
    contradicted = loaded(fetched_at, game_date=LONG_AGO, contradicted_since="2026-02-01 10:00", attempts=1)
    assert (repair(contradicted, at(now)) is not None) == due


def test_a_date_is_requested_once_more_when_it_can_settle_even_shortly_after_the_last_time() -> None:
    before = loaded("2026-01-12 11:55")
    assert repair(before, at("2026-01-12 11:59:59")) is None
    assert repair(before, at("2026-01-12 12:00")) is not None
    assert repair(loaded("2026-01-12 12:00"), at("2026-01-12 12:01")) is None
    still_open = loaded("2026-01-12 12:00", games_open=1)
    assert repair(still_open, at("2026-01-12 12:01")) is None, "from then on daily"
    assert repair(still_open, at("2026-01-13 12:00")) is not None


def test_a_settled_date_is_never_requested() -> None:
    for days in range(8):
        assert repair(loaded("2026-01-12 12:00"), at("2026-01-12 12:00") + dt.timedelta(days=days)) is None


@pytest.mark.parametrize(
    ("date", "first"),
    [
        ("2025-11-01", "2025-11-02T00:00-04:00"),
        ("2025-11-02", "2025-11-03T00:00-05:00"),  # a day of 25 hours
        ("2026-03-07", "2026-03-08T00:00-05:00"),
        ("2026-03-08", "2026-03-09T00:00-04:00"),  # a day of 23 hours
        ("2025-12-31", "2026-01-01T00:00-05:00"),
        ("2024-02-28", "2024-02-29T00:00-05:00"),
        ("2024-02-29", "2024-03-01T00:00-05:00"),
    ],
)
def test_days_are_those_of_new_york(date: str, first: str) -> None:
    midnight = dt.datetime.fromisoformat(first)
    for zone in (dt.UTC, dt.timezone(dt.timedelta(hours=9))):
        moments = [midnight - dt.timedelta(seconds=1), midnight]
        due = [repair(DateState(day(date)), moment.astimezone(zone)) is not None for moment in moments]
        assert due == [False, True]


moments = st.integers(0, 20 * 366 * 24 * 60).map(lambda minutes: at("2010-11-01") + dt.timedelta(minutes=minutes))
states = st.builds(
    DateState,
    game_date=st.dates(day("2010-11-01"), day("2030-01-01")),
    last_requested_at=st.none() | moments,
    attempts=st.integers(0, 9),
    last_reason=st.none() | st.sampled_from(["GET gave 500.", f"{CANCELED} with run abc"]),
    fetched_at=st.none() | moments,
    settled_at=st.none() | moments,
    games_expected=st.none() | st.integers(0, 160),
    games_open=st.integers(0, 3),
    contradicted_since=st.none() | moments,
)


@given(states, moments)
def test_a_repair_has_the_reason_for_which_the_date_is_not_settled(given: DateState, now: dt.datetime) -> None:
    reason = repair(given, now)
    if now.astimezone(EASTERN).date() <= given.game_date or given.attempts >= MAX_ATTEMPTS:
        assert reason is None
    assert reason is None or reason == unsettled(given)


@pytest.mark.parametrize("date", ["2026-01-10", "2025-11-01", "2026-03-07", "2025-12-31", "2024-02-29"])
@pytest.mark.parametrize("ever_loads", [False, True])
def test_two_weeks_of_minutes_have_about_thirty_requests_and_stop(date: str, ever_loads: bool) -> None:
    game_date = day(date)
    now = dt.datetime.combine(game_date + dt.timedelta(days=1), dt.time(), EASTERN).astimezone(dt.UTC)
    requests: list[dt.datetime] = []
    current = DateState(game_date, games_expected=5)
    for _ in range(14 * 24 * 12):  # every five minutes
        if repair(current, now) is not None:
            requests.append(now)
            attempts = current.attempts + (now.astimezone(EASTERN).date() >= game_date + dt.timedelta(days=2))
            if ever_loads:
                current = loaded(now, game_date=game_date, games_open=int(now < settles_at(game_date)))
            else:
                current = failed(now, game_date=game_date, attempts=attempts)
        now += dt.timedelta(minutes=5)
    assert 23 <= sum(moment.astimezone(EASTERN).date() == game_date + dt.timedelta(days=1) for moment in requests) <= 26
    assert len(requests) <= 26 + MAX_ATTEMPTS
    assert (requests[-1] == settles_at(game_date)) == ever_loads
