"""Requests for game dates are rows: counted, not rewritten without need, and locked in one order."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from support.builders import at, day, game, scoreboard
from support.warehouse import Warehouse

from pipelines.postgres.database import connect
from pipelines.warehouse.requested_dates import (
    DateState,
    ensure_requested,
    read_date_states,
    read_unsettled_dates,
    record_outcomes,
    request_dates,
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
    assert second == DateState(day("2026-01-08"))
    assert third == DateState(day("2026-01-09"), last_requested_at=at("2026-01-09 12:00"))


def test_attempts_count_from_the_second_day_after_in_eastern_time(database_url: sa.URL) -> None:
    moments = {"2026-01-10 20:00": 0, "2026-01-11 23:59": 0, "2026-01-12 00:00": 1, "2026-01-13 00:00": 2}
    with connect(database_url) as connection:
        for moment, attempts in moments.items():
            request_dates(connection, "ncaam", [day("2026-01-10")], "schedule", at(moment))
            [state] = read_date_states(connection, "ncaam", [day("2026-01-10")])
            assert (state.attempts, state.last_requested_at) == (attempts, at(moment))


def test_a_pending_contradiction_is_unsettled_at_any_age(warehouse: Warehouse, database_url: sa.URL) -> None:
    final = game(1, "duke", "unc", "final 80-70")
    warehouse.load(scoreboard("2014-02-01", "2026-01-10 20:00", final), games_expected=1)
    with connect(database_url) as connection:
        assert read_unsettled_dates(connection, "ncaam", day("2014-02-10"), 1) == [DateState(day("2014-02-09"))]
    postponed = game(1, "duke", "unc", "postponed")
    warehouse.load(scoreboard("2014-02-01", "2026-01-11 12:00", postponed), games_expected=1)
    with connect(database_url) as connection:
        [missed, contradicted] = read_unsettled_dates(connection, "ncaam", day("2014-02-10"), 1)
    assert missed.game_date == day("2014-02-09")
    assert contradicted.contradicted_since == at("2026-01-11 12:00")


def test_recording_a_backfill_again_writes_nothing(warehouse: Warehouse, database_url: sa.URL) -> None:
    def record(connection: sa.Connection) -> None:
        ensure_requested(connection, "ncaam", DATES, "backfill abc", at("2026-01-10 12:00"))

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

    reasons: dict[dt.date, str | None] = dict.fromkeys(DATES[::order], "GET gave 500.")
    works: list[Callable[[sa.Connection], object]] = [
        lambda connection: request_dates(connection, "ncaam", DATES, "run r"),
        lambda connection: request_dates(connection, "ncaam", DATES[::order], "repair"),
        lambda connection: record_outcomes(connection, "ncaam", reasons),
        lambda connection: ensure_requested(connection, "ncaam", DATES[::order], "backfill abc"),
    ]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
