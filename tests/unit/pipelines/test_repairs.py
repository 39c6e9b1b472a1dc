"""Which dates are requested again, when, and how often: the pure decision at explicit times."""

import datetime as dt
from collections import Counter
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.builders import at, day

from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.repairs import (
    LOCAL_WAIT,
    MAX_ATTEMPTS,
    MAX_REPAIRS,
    OUTAGE_REPAIRS_AT_ONCE,
    RARE,
    REPAIRS_AT_ONCE,
    SOURCE_WAIT,
    choose_repairs,
    is_left_to_a_person,
    is_missing,
    repair_reason,
    unsettled_reason,
    with_repair,
)
from pipelines.seasons import EASTERN, settles_at
from pipelines.warehouse.requested_dates import CANCELED, DateState

DATE = day("2026-01-10")
LONG_AGO = day("2014-02-01")
NEVER = DateState(DATE)
SECOND = dt.timedelta(seconds=1)


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
    """Its last request was at that time and failed at the source, while other dates loaded."""
    requested_at = at(moment) if isinstance(moment, str) else moment
    defaults = {"last_reason": "GET gave 500.", "last_failure_is_local": False, "newest_load_at": requested_at + SECOND}
    return state(**(defaults | {"last_requested_at": requested_at} | values))


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
def test_an_unsettled_date_is_requested_hourly_on_the_day_after_and_then_daily(last: str, now: str, due: bool) -> None:
    assert (repair(loaded(last, games_open=2), at(now)) is not None) == due


@pytest.mark.parametrize(
    ("is_local", "minutes"),
    [
        (True, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440]),
        (None, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440]),  # a process that died said nothing
        (False, [60, 120, 240, 480, 960, *[1440] * 7]),
    ],
)
@pytest.mark.parametrize("others_load", [True, False])
@pytest.mark.parametrize("ever_loaded", [True, False])
def test_the_wait_doubles_from_a_minute_or_an_hour_up_to_a_day_and_ends(
    is_local: bool | None, minutes: list[int], others_load: bool, ever_loaded: bool
) -> None:
    current = failed(
        "2026-01-20 20:00",
        game_date=LONG_AGO,
        last_failure_is_local=is_local,
        last_reason=None if is_local is None and not ever_loaded else "It failed.",
        fetched_at="2026-01-10 20:00" if ever_loaded else None,
        settled_at="2026-01-10 20:00" if ever_loaded else None,
    )
    waits = []
    while not is_left_to_a_person(current, MENS_BASKETBALL):
        assert current.last_requested_at is not None
        newest_load_at = current.last_requested_at + (SECOND if others_load else -SECOND)
        current = current._replace(newest_load_at=newest_load_at)
        wait = first_due(current)
        assert wait is not None
        waits.append(wait)
        moment = current.last_requested_at + wait
        current = with_repair(current, moment)._replace(last_requested_at=moment)
        current = current._replace(newest_load_at=moment + (SECOND if others_load else -SECOND))
    assert [wait / dt.timedelta(minutes=1) for wait in waits] == minutes
    assert first_due(current) is None, "it is left to a person"
    assert unsettled(current) is not None, "it stays a finding"


WAITS = [min(first * 2**number, RARE) for number in range(MAX_REPAIRS) for first in (LOCAL_WAIT, SOURCE_WAIT)]


def first_due(given: DateState) -> dt.timedelta | None:
    """The wait after which a missing date is due."""
    requested_at = given.last_requested_at
    assert requested_at is not None
    due = (wait for wait in WAITS if repair(given, requested_at + wait) is not None)
    first = min(due, default=None)
    assert first is None or repair(given, requested_at + first - SECOND) is None
    return first


def test_repairs_in_an_outage_count_until_it_is_over() -> None:
    """However long nothing loads: the first load of any date makes the others due within minutes."""
    current = failed("2026-01-20 20:00", game_date=LONG_AGO, last_failure_is_local=True, repairs=2, outage_repairs=10)
    outage = current._replace(newest_load_at=at("2026-01-20 19:00"))
    assert is_left_to_a_person(outage, MENS_BASKETBALL)
    assert repair(outage, at("2026-02-20 20:00")) is None
    assert not is_left_to_a_person(current, MENS_BASKETBALL)
    assert first_due(current) == 4 * LOCAL_WAIT
    assert with_repair(outage._replace(outage_repairs=3), at("2026-01-21 20:00"))[5:7] == (2, 4)
    assert with_repair(current, at("2026-01-21 20:00"))[5:7] == (3, 0)


def test_a_loaded_date_is_left_to_a_person_after_seven_attempts() -> None:
    for date in (
        loaded("2026-01-10 20:00", game_date=LONG_AGO, games_open=1),
        loaded("2026-01-10 20:00", game_date=LONG_AGO, contradicted_since="2026-01-10 20:00"),
        loaded("2026-01-10 20:00", game_date=LONG_AGO, games_expected=None, settled_at=None),
    ):
        next_year = at("2027-01-10 20:00")
        assert repair(date._replace(attempts=MAX_ATTEMPTS - 1), next_year) is not None
        assert repair(date._replace(attempts=MAX_ATTEMPTS), next_year) is None
        assert is_left_to_a_person(date._replace(attempts=MAX_ATTEMPTS), MENS_BASKETBALL)
        assert unsettled(date) is not None, "it stays a finding"
        assert with_repair(date, next_year).attempts == 1
    yesterday = loaded("2026-01-11 00:30", games_open=1)
    assert with_repair(yesterday, at("2026-01-11 23:59")).attempts == 0, "the day after does not count"
    assert with_repair(yesterday, at("2026-01-12 00:00")).attempts == 1


def test_a_date_that_a_person_canceled_is_left_alone() -> None:
    canceled = failed("2026-01-10 20:00", game_date=LONG_AGO)._replace(last_reason=f"{CANCELED} with backfill abc")
    assert repair(canceled, at("2026-01-20 20:00")) is None
    assert unsettled(canceled) is not None
    assert is_left_to_a_person(canceled, MENS_BASKETBALL)


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
    last_failure_is_local=st.none() | st.booleans(),
    repairs=st.integers(0, MAX_REPAIRS),
    outage_repairs=st.integers(0, MAX_REPAIRS),
    fetched_at=st.none() | moments,
    settled_at=st.none() | moments,
    games_expected=st.none() | st.integers(0, 160),
    games_open=st.integers(0, 3),
    contradicted_since=st.none() | moments,
    newest_load_at=st.none() | moments,
)


@given(states, moments)
def test_a_repair_has_the_reason_for_which_the_date_is_not_settled(given: DateState, now: dt.datetime) -> None:
    reason = repair(given, now)
    if now.astimezone(EASTERN).date() <= given.game_date or is_left_to_a_person(given, MENS_BASKETBALL):
        assert reason is None
    assert reason is None or reason == unsettled(given)


@given(states, moments)
def test_every_missing_date_is_due_within_a_day_of_its_last_request_unless_it_is_left(
    given: DateState, now: dt.datetime
) -> None:
    if not is_missing(given) or is_left_to_a_person(given, MENS_BASKETBALL):
        return
    known = [moment for moment in (now, given.last_requested_at, given.fetched_at) if moment is not None]
    day_over = dt.datetime.combine(given.game_date + dt.timedelta(days=1), dt.time(), EASTERN)
    assert repair(given, max([*known, day_over]) + RARE) is not None


@given(st.lists(states, unique_by=lambda state: state.game_date, max_size=60), st.integers(0, REPAIRS_AT_ONCE + 2))
def test_the_newest_and_the_longest_waiting_dates_are_chosen_as_far_as_there_is_room(
    due: list[DateState], unfinished: int
) -> None:
    chosen = choose_repairs(due, unfinished)
    assert len(set(chosen)) == len(chosen) <= max(0, REPAIRS_AT_ONCE - unfinished)
    assert set(chosen) <= set(due)
    in_outage = {state for state in due if not others_load(state)}
    assert len(in_outage & set(chosen)) <= max(0, OUTAGE_REPAIRS_AT_ONCE - unfinished)
    well = [state for state in due if state not in in_outage]
    if len(chosen) - len(in_outage & set(chosen)) < len(well):  # some have to wait
        assert len(chosen) == max(0, REPAIRS_AT_ONCE - unfinished)
    if well and len(chosen) >= 4:
        assert max(well, key=lambda state: state.game_date) in chosen
        assert min(waited(state) for state in well) == min(waited(state) for state in chosen if others_load(state))


def waited(given: DateState) -> dt.datetime:
    return given.last_requested_at or dt.datetime.min.replace(tzinfo=dt.UTC)


def others_load(given: DateState) -> bool:
    newest = given.newest_load_at
    return given.last_requested_at is None or (newest is not None and newest > given.last_requested_at)


class Fault(NamedTuple):
    """When a date cannot be loaded, and whether the cause is local."""

    minutes: int
    is_local: bool | None


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.builds(Fault, st.integers(0, 3 * 24 * 60), st.none() | st.booleans()), min_size=1, max_size=60),
    st.integers(0, 24 * 60),
    st.sampled_from([1, 15]),
)
def test_every_date_is_loaded_soon_after_its_fault_is_gone_or_left_after_a_bounded_number_of_repairs(
    faults: list[Fault], outage: int, tick: int
) -> None:
    """Plays a week in which nothing loads at first and then some dates do not, with the schedule's ticks of today.

    A repair takes three minutes; no date is ever requested while its repair is under way.
    """
    start = at("2026-01-10 12:00")
    states = {
        LONG_AGO + dt.timedelta(days=number): DateState(
            LONG_AGO + dt.timedelta(days=number), last_requested_at=start, last_failure_is_local=fault.is_local
        )
        for number, fault in enumerate(faults)
    }
    gone = {date: max(fault.minutes, outage) for date, fault in zip(states, faults, strict=True)}
    ends: dict[dt.date, int] = {}
    loaded_after: dict[dt.date, int] = {}
    requests = Counter[dt.date]()
    newest_load_at = start - SECOND
    for minute in range(7 * 24 * 60):
        now = start + dt.timedelta(minutes=minute)
        if minute % tick == 0 and minute >= outage:
            newest_load_at = now
        for date, end in [*ends.items()]:
            if end == minute:
                del ends[date]
                if minute >= gone[date]:
                    del states[date]
                    loaded_after[date] = minute - gone[date]
                    newest_load_at = now
        known = {date: given._replace(newest_load_at=newest_load_at) for date, given in states.items()}
        due = [given for date, given in known.items() if repair(given, now) is not None and date not in ends]
        for chosen in choose_repairs(due, len(ends)):
            states[chosen.game_date] = with_repair(chosen, now)._replace(last_requested_at=now)
            ends[chosen.game_date] = minute + 3
            requests[chosen.game_date] += 1
    assert max(requests.values()) <= 3 * MAX_REPAIRS, "those of the outage, of the minutes between ticks, and the rest"
    for date, fault in zip(gone, faults, strict=True):
        first = SOURCE_WAIT if fault.is_local is False else LOCAL_WAIT
        if fault.minutes <= outage:  # it was the outage: due at once when it is over, twenty at a time
            assert loaded_after[date] <= first / dt.timedelta(minutes=1) + tick + 3 * len(faults)
        elif date in loaded_after:
            assert loaded_after[date] <= fault.minutes + RARE / dt.timedelta(minutes=1) + 3 * len(faults)
        else:
            assert is_left_to_a_person(states[date]._replace(newest_load_at=newest_load_at), MENS_BASKETBALL)


@pytest.mark.parametrize("date", ["2026-01-10", "2025-11-01", "2026-03-07", "2025-12-31", "2024-02-29"])
@pytest.mark.parametrize("ever_settles", [False, True])
def test_two_weeks_of_minutes_have_about_thirty_requests_and_stop(date: str, ever_settles: bool) -> None:
    game_date = day(date)
    now = dt.datetime.combine(game_date + dt.timedelta(days=1), dt.time(), EASTERN).astimezone(dt.UTC)
    requests: list[dt.datetime] = []
    current = loaded(now - dt.timedelta(minutes=60), game_date=game_date, games_open=1)
    for _ in range(14 * 24 * 12):  # every five minutes
        if repair(current, now) is not None:
            requests.append(now)
            attempts = with_repair(current, now).attempts
            games_open = int(not ever_settles or now < settles_at(game_date))
            current = loaded(now, game_date=game_date, games_open=games_open, attempts=attempts)
        now += dt.timedelta(minutes=5)
    assert 23 <= sum(moment.astimezone(EASTERN).date() == game_date + dt.timedelta(days=1) for moment in requests) <= 26
    assert len(requests) <= 26 + MAX_ATTEMPTS
    assert (requests[-1] == settles_at(game_date)) == ever_settles
