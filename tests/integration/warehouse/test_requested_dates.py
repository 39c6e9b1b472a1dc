"""Requests for game dates are rows: counted, not rewritten without need, and locked in one order."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from support.builders import at, day, game, scoreboard
from support.warehouse import Warehouse

from pipelines.errors import ApiUnreachableError, GamePulseError, UpstreamFailedError
from pipelines.postgres.database import connect
from pipelines.warehouse.requested_dates import (
    DateState,
    read_date_states,
    read_unsettled_dates,
    record_lost,
    record_outcomes,
    request_dates,
    request_repairs,
)


@pytest.fixture
def warehouse(database_url: sa.URL) -> Iterator[Warehouse]:
    """The database of the test, which other connections read too."""
    with Warehouse.connect(database_url) as warehouse:
        yield warehouse


DATES = [day("2014-02-01") + dt.timedelta(days=number) for number in range(400)]


def write(url: sa.URL, work: Callable[[sa.Connection], object]) -> None:
    with connect(url) as connection:
        work(connection)
        connection.commit()


def test_states_of_dates_come_in_the_given_order(warehouse: Warehouse, database_url: sa.URL) -> None:
    warehouse.load(
        scoreboard(
            "2026-01-10", "2026-01-10 20:00", game(1, "duke", "unc"), game(2, "wake", "pitt", "live 1-0 1st 19:00")
        ),
        games_expected=2,
    )
    with connect(database_url) as connection:
        request_dates(connection, "ncaam", [day("2026-01-09")], "schedule", at("2026-01-09 12:00"))
        first, second, third = read_date_states(
            connection, "ncaam", [day("2026-01-10"), day("2026-01-08"), day("2026-01-09")]
        )
    assert (first.game_date, first.games_open, first.fetched_at) == (day("2026-01-10"), 2, at("2026-01-10 20:00"))
    newest = at("2026-01-10 20:00")
    assert second == DateState(day("2026-01-08"), newest_load_at=newest)
    assert third == DateState(day("2026-01-09"), last_requested_at=at("2026-01-09 12:00"), newest_load_at=newest)


def read(url: sa.URL, date: str) -> DateState:
    with connect(url) as connection:
        [state] = read_date_states(connection, "ncaam", [day(date)])
    return state


def test_a_persons_request_starts_the_counts_anew_and_the_schedules_and_repairs_do_not(database_url: sa.URL) -> None:
    date = "2026-01-10"
    for requester, counts in {"schedule": (3, 4, 5), "repair": (3, 4, 5), "backfill abc": (0, 0, 0)}.items():
        known = read(database_url, date)._replace(attempts=3, repairs=4, outage_repairs=5)
        now = dt.datetime.now(dt.UTC)
        write(database_url, lambda connection, known=known, now=now: request_repairs(connection, "ncaam", [known], now))
        write(database_url, lambda connection, by=requester: request_dates(connection, "ncaam", [day(date)], by))
        state = read(database_url, date)
        assert (state.attempts, state.repairs, state.outage_repairs) == counts, requester
        assert state.last_requested_at is not None
        assert state.last_requested_at > now
    earlier = at("2026-01-11 12:00")
    write(database_url, lambda connection: request_dates(connection, "ncaam", [day(date)], "run r", earlier))
    assert read(database_url, date) == state, "a request that is older than the last one"


def test_one_of_two_sensors_that_decide_at_the_same_moment_gets_a_date(database_url: sa.URL) -> None:
    """Two daemons read the same states; one of the dates has a row and the other has none."""
    dates = [day("2026-01-10"), day("2026-01-11")]
    write(database_url, lambda connection: request_dates(connection, "ncaam", dates[:1], "run r"))
    with connect(database_url) as first, connect(database_url) as second:
        states = [read_date_states(connection, "ncaam", dates) for connection in (first, second)]
        now = dt.datetime.now(dt.UTC)
        claims: list[set[dt.date]] = [request_repairs(first, "ncaam", states[0], now)]
        other = threading.Thread(
            target=lambda: claims.append(request_repairs(second, "ncaam", states[1], now + dt.timedelta(seconds=1)))
        )
        other.start()
        first.commit()
        other.join()
        second.commit()
    assert claims == [set(dates), set()]


def test_outcomes_say_whether_the_cause_is_local_and_a_load_ends_the_count(database_url: sa.URL) -> None:
    date = day("2026-01-10")
    now = dt.datetime.now(dt.UTC)
    known = DateState(date, repairs=4, outage_repairs=5)
    write(database_url, lambda connection: request_repairs(connection, "ncaam", [known], now))
    found = []
    for error in (ApiUnreachableError("No DNS."), UpstreamFailedError("GET gave 500."), None):
        outcomes: dict[dt.date, GamePulseError | None] = {date: error}
        write(database_url, lambda connection, outcomes=outcomes: record_outcomes(connection, "ncaam", outcomes))
        state = read(database_url, "2026-01-10")
        found.append((state.last_reason, state.last_failure_is_local, state.repairs, state.outage_repairs))
    assert found == [("No DNS.", True, 4, 5), ("GET gave 500.", False, 4, 5), (None, None, 0, 0)]


def test_the_end_of_a_request_goes_to_the_dates_that_it_did_not_load(
    warehouse: Warehouse, database_url: sa.URL
) -> None:
    """Not to those that were loaded, answered by a stale answer, said why themselves, or were requested again."""
    dates = [day(f"2026-01-0{number}") for number in range(1, 7)]
    lost, loaded, stale, failed, again = dates[:5]
    moments = {again: "2026-01-20 14:00"}
    game_of = game(1, "duke", "unc", "final 80-70")
    warehouse.load(scoreboard(stale, "2026-01-20 13:00", game_of), games_expected=1)
    warehouse.load(scoreboard(loaded, "2026-01-20 12:10"), games_expected=0)
    warehouse.query("UPDATE scoreboard SET fetched_at = '2026-01-19', last_stale_at = now() WHERE games_received = 1")
    for date in (lost, loaded, stale, failed, again):
        requested_at = at(moments.get(date, "2026-01-20 12:00"))
        write(
            database_url,
            lambda connection, date=date, requested_at=requested_at: request_dates(
                connection, "ncaam", [date], "run r", requested_at
            ),
        )
    write(
        database_url,
        lambda connection: record_outcomes(connection, "ncaam", {failed: UpstreamFailedError("GET gave 500.")}),
    )
    write(
        database_url,
        lambda connection: record_lost(
            connection, "ncaam", dates, at("2026-01-20 12:00"), at("2026-01-20 13:00"), "run r failed"
        ),
    )
    reasons = {date: read(database_url, date.isoformat()).last_reason for date in dates}
    expected = dict.fromkeys(dates) | {lost: "run r failed", failed: "GET gave 500."}
    assert reasons == expected
    assert read(database_url, lost.isoformat()).last_failure_is_local


def test_a_pending_contradiction_is_unsettled_at_any_age(warehouse: Warehouse, database_url: sa.URL) -> None:
    final = game(1, "duke", "unc", "final 80-70")
    warehouse.load(scoreboard("2014-02-01", "2026-01-10 20:00", final), games_expected=1)
    with connect(database_url) as connection:
        [missed] = read_unsettled_dates(connection, "ncaam", day("2014-02-10"), 1)
    assert missed.game_date == day("2014-02-09")
    postponed = game(1, "duke", "unc", "postponed")
    warehouse.load(scoreboard("2014-02-01", "2026-01-11 12:00", postponed), games_expected=1)
    with connect(database_url) as connection:
        [missed, contradicted] = read_unsettled_dates(connection, "ncaam", day("2014-02-10"), 1)
    assert missed.game_date == day("2014-02-09")
    assert contradicted.contradicted_since == at("2026-01-11 12:00")


def test_recording_a_backfill_again_writes_nothing(warehouse: Warehouse, database_url: sa.URL) -> None:
    def record(connection: sa.Connection) -> None:
        request_dates(connection, "ncaam", DATES, "backfill abc", at("2026-01-10 12:00"))

    everything = "SELECT xmin::text, xmax::text, ctid::text, game_date FROM requested_date ORDER BY game_date"
    write(database_url, record)
    before = warehouse.query(everything)
    write(database_url, record)
    assert warehouse.query(everything) == before


def test_an_outcome_that_is_known_is_not_written(warehouse: Warehouse, database_url: sa.URL) -> None:
    write(database_url, lambda connection: request_dates(connection, "ncaam", DATES, "run r", at("2026-01-10 12:00")))
    everything = "SELECT xmin::text, xmax::text, ctid::text, game_date FROM requested_date ORDER BY game_date"
    before = warehouse.query(everything)
    write(database_url, lambda connection: record_outcomes(connection, "ncaam", dict.fromkeys(DATES)))
    assert warehouse.query(everything) == before


@pytest.mark.parametrize("order", [1, -1])
def test_writers_of_many_dates_do_not_deadlock(order: int, database_url: sa.URL) -> None:
    failures: list[BaseException] = []

    def run(work: Callable[[sa.Connection], object]) -> None:
        try:
            for _ in range(10):
                write(database_url, work)
        except BaseException as error:
            failures.append(error)
            raise

    failed: dict[dt.date, GamePulseError | None] = dict.fromkeys(DATES[::order], UpstreamFailedError("GET gave 500."))
    now = dt.datetime.now(dt.UTC)
    works: list[Callable[[sa.Connection], object]] = [
        lambda connection: request_dates(connection, "ncaam", DATES, "run r"),
        lambda connection: request_repairs(
            connection, "ncaam", read_date_states(connection, "ncaam", DATES[::order]), dt.datetime.now(dt.UTC)
        ),
        lambda connection: record_outcomes(connection, "ncaam", failed),
        lambda connection: record_lost(connection, "ncaam", DATES[::order], now, dt.datetime.now(dt.UTC), "lost"),
    ]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
