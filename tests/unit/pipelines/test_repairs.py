"""Which dates are asked for again, when, and for how long: the pure decision, with explicit times."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.builders import at, day

from pipelines.repairs import DateHistory, repair_reason, unsettled_reason
from pipelines.seasons import EASTERN, settles_at

DATE = day("2026-01-10")
NEVER = DateHistory(loaded_at=None, games_to_come=0, last_run_at=None, last_run_failed=False, is_under_way=False)


def history(**values: Any) -> DateHistory:
    """Times may be Eastern text."""
    times = {name: at(value) for name, value in values.items() if name.endswith("_at") and isinstance(value, str)}
    return NEVER._replace(**(values | times))


def loaded(moment: str | dt.datetime, **values: Any) -> DateHistory:
    """Loaded by a run of that time."""
    return history(loaded_at=moment, last_run_at=moment, **values)


def failed(moment: str | dt.datetime, **values: Any) -> DateHistory:
    """Its last run was of that time and failed."""
    return history(last_run_at=moment, last_run_failed=True, **values)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (NEVER, "never loaded"),
        (failed("2026-01-10 20:00"), "failed and never loaded"),
        (failed("2026-01-13 20:00", loaded_at="2026-01-12 13:00"), "its last run failed"),
        (loaded("2026-01-10 23:00", games_to_come=3), "not settled: 3 games scheduled or live"),
        (loaded("2026-01-12 13:00", games_to_come=1), "not settled: 1 games scheduled or live"),
        (loaded("2026-01-12 11:59:59"), "not settled: corrections may come until noon of the second day after"),
        (loaded("2026-01-12 12:00"), None),
        (failed("2026-01-12 12:00", loaded_at="2026-01-12 13:00"), None),  # an older run failed late
    ],
)
def test_a_date_is_done_with_once_it_was_loaded_after_noon_of_the_second_day_with_no_game_to_come(
    said: DateHistory, reason: str | None
) -> None:
    assert unsettled_reason(DATE, said) == reason


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-01-10 23:59:59", False),  # the schedule's
        ("2026-01-11 00:00", True),
        ("2026-01-17 23:59:59", True),
        ("2026-01-18 00:00", False),  # given up
    ],
)
def test_a_date_that_was_missed_is_due_from_the_next_midnight_for_seven_days(now: str, due: bool) -> None:
    assert (repair_reason(DATE, NEVER, at(now)) == "never loaded") == due
    assert (repair_reason(DATE, NEVER, at(now)) is None) == (not due)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        ("2026-01-11 03:00", "2026-01-11 03:59:59", False),
        ("2026-01-11 03:00", "2026-01-11 04:00", True),
        ("2026-01-11 22:59", "2026-01-11 23:59", True),
        ("2026-01-11 23:30", "2026-01-12 00:30", False),  # the second day: daily
        ("2026-01-12 13:00", "2026-01-13 12:59:59", False),
        ("2026-01-12 13:00", "2026-01-13 13:00", True),
        ("2026-01-16 23:00", "2026-01-17 23:00", True),
        ("2026-01-17 01:00", "2026-01-18 01:00", False),
    ],
)
def test_a_date_that_fails_is_asked_for_hourly_on_the_day_after_and_then_daily(last: str, now: str, due: bool) -> None:
    assert (repair_reason(DATE, failed(last), at(now)) is not None) == due
    assert (repair_reason(DATE, loaded(last, games_to_come=2), at(now)) is not None) == due


def test_a_date_is_asked_for_once_more_when_it_can_settle_however_short_ago_the_last_time_was() -> None:
    before = loaded("2026-01-12 11:55")
    assert repair_reason(DATE, before, at("2026-01-12 11:59:59")) is None
    assert repair_reason(DATE, before, at("2026-01-12 12:00")) is not None
    assert repair_reason(DATE, loaded("2026-01-12 12:00"), at("2026-01-12 12:01")) is None
    still_open = loaded("2026-01-12 12:00", games_to_come=1)
    assert repair_reason(DATE, still_open, at("2026-01-12 12:01")) is None, "from then on daily"
    assert repair_reason(DATE, still_open, at("2026-01-13 12:00")) is not None


def test_a_settled_date_is_never_asked_for() -> None:
    for days in range(8):
        assert repair_reason(DATE, loaded("2026-01-12 12:00"), at("2026-01-12 12:00") + dt.timedelta(days=days)) is None


def test_a_materialization_without_a_run_of_the_date_counts_as_an_attempt() -> None:
    by_a_range = history(loaded_at="2026-01-11 09:30", games_to_come=1)
    assert repair_reason(DATE, by_a_range, at("2026-01-11 10:29")) is None
    assert repair_reason(DATE, by_a_range, at("2026-01-11 10:30")) == "not settled: 1 games scheduled or live"


@pytest.mark.parametrize(
    ("date", "first", "last"),
    [
        ("2025-11-01", "2025-11-02T00:00-04:00", "2025-11-08T23:59:59-05:00"),  # the clocks go back within the week
        ("2025-11-02", "2025-11-03T00:00-05:00", "2025-11-09T23:59:59-05:00"),  # a day of 25 hours
        ("2026-03-07", "2026-03-08T00:00-05:00", "2026-03-14T23:59:59-04:00"),  # the clocks go forward
        ("2026-03-08", "2026-03-09T00:00-04:00", "2026-03-15T23:59:59-04:00"),  # a day of 23 hours
        ("2025-12-31", "2026-01-01T00:00-05:00", "2026-01-07T23:59:59-05:00"),
        ("2024-02-28", "2024-02-29T00:00-05:00", "2024-03-06T23:59:59-05:00"),
        ("2024-02-29", "2024-03-01T00:00-05:00", "2024-03-07T23:59:59-05:00"),
    ],
)
def test_days_are_those_of_new_york(date: str, first: str, last: str) -> None:
    begins, ends = dt.datetime.fromisoformat(first), dt.datetime.fromisoformat(last)
    second = dt.timedelta(seconds=1)
    for zone in (dt.UTC, dt.timezone(dt.timedelta(hours=9))):
        found = [
            repair_reason(day(date), NEVER, moment.astimezone(zone)) is not None
            for moment in (begins - second, begins, ends, ends + second)
        ]
        assert found == [False, True, True, False]


moments = st.integers(0, 20 * 366 * 24 * 60).map(lambda minutes: at("2010-11-01") + dt.timedelta(minutes=minutes))
histories = st.builds(
    DateHistory,
    loaded_at=st.none() | moments,
    games_to_come=st.integers(0, 3),
    last_run_at=st.none() | moments,
    last_run_failed=st.booleans(),
    is_under_way=st.booleans(),
)


@given(histories, moments, st.integers(-2, 9))
def test_nothing_is_asked_for_while_a_run_is_under_way_nor_outside_the_week_nor_when_done(
    said: DateHistory, now: dt.datetime, days_ago: int
) -> None:
    date = now.astimezone(EASTERN).date() - dt.timedelta(days=days_ago)
    reason = repair_reason(date, said, now)
    if said.is_under_way or not 1 <= days_ago <= 7 or unsettled_reason(date, said) is None:
        assert reason is None
    assert reason is None or reason == unsettled_reason(date, said)


@pytest.mark.parametrize("date", ["2026-01-10", "2025-11-01", "2026-03-07", "2025-12-31", "2024-02-29"])
@pytest.mark.parametrize("ever_loads", [False, True])
def test_a_week_of_minutes_asks_about_thirty_times_at_most_and_stops(date: str, ever_loads: bool) -> None:
    game_date = day(date)
    now = dt.datetime.combine(game_date + dt.timedelta(days=1), dt.time(), EASTERN).astimezone(dt.UTC)
    asked: list[dt.datetime] = []
    said = NEVER
    for _ in range(10 * 24 * 12):  # every five minutes
        if repair_reason(game_date, said, now) is not None:
            asked.append(now)
            said = loaded(now, games_to_come=0 if now >= settles_at(game_date) else 1) if ever_loads else failed(now)
        now += dt.timedelta(minutes=5)
    assert 23 <= sum(moment.astimezone(EASTERN).date() == game_date + dt.timedelta(days=1) for moment in asked) <= 25
    assert len(asked) <= 32
    assert (asked[-1] == settles_at(game_date)) == ever_loads
