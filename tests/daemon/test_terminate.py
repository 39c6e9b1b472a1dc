"""*Terminate* in the UI, wherever a run of real processes happens to be."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from support.dagster_stack import Stack, until

from pipelines.warehouse.load import LOAD_LOCK

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(240)]


def assert_canceled_at_once(stack: Stack, run_id: str) -> None:
    """CANCELED within five seconds, its process gone, no second attempt, no session left and nothing written later."""
    attempts = stack.event_types(run_id).count("STEP_RESTARTED")
    began = time.monotonic()
    stack.terminate(run_id)
    assert stack.finish(run_id, 20) == "CANCELED"
    seconds = time.monotonic() - began
    assert seconds < 5, f"it took {seconds:.1f} seconds"
    until("the run's process is gone", lambda: not stack.sessions(), 5)
    assert stack.event_types(run_id).count("STEP_RESTARTED") == attempts


@contextmanager
def loads_held_up(stack: Stack) -> Iterator[None]:
    """Another session holds the lock that loads take."""
    with stack.engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": LOAD_LOCK})
        try:
            yield
        finally:
            connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": LOAD_LOCK})


def waits_for_the_load_lock(stack: Stack) -> bool:
    query = f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = {LOAD_LOCK} AND NOT granted"
    return bool(stack.rows(query))


def test_a_run_is_canceled_during_a_request_that_hangs(stack: Stack) -> None:
    stack.set_faults(hang={"seconds": 30})
    asked = len(stack.api.simulator.requests)
    run_id = stack.launch_date("2026-01-05")
    until("the request is out", lambda: len(stack.api.simulator.requests) >= asked + 2, 60)
    assert_canceled_at_once(stack, run_id)
    stack.set_faults()
    time.sleep(1)
    assert "2026-01-05" not in stack.dates_loaded()


def test_a_run_is_canceled_during_the_wait_before_its_last_retry(stack: Stack) -> None:
    stack.set_faults(http_500={})
    run_id = stack.launch_date("2026-01-06")
    until("two retries", lambda: stack.event_types(run_id).count("STEP_UP_FOR_RETRY") == 3, 60)
    asked = len(stack.api.simulator.requests)
    stack.set_faults()
    assert_canceled_at_once(stack, run_id)
    time.sleep(1)
    assert len(stack.api.simulator.requests) == asked, "it asked once more"
    assert "2026-01-06" not in stack.dates_loaded()


def test_a_run_is_canceled_during_a_load_and_nothing_of_it_is_written(stack: Stack) -> None:
    with loads_held_up(stack):
        run_id = stack.launch_date("2026-01-07")
        until("it waits to load", lambda: waits_for_the_load_lock(stack), 60)
        assert_canceled_at_once(stack, run_id)
    time.sleep(1)
    assert "2026-01-07" not in stack.dates_loaded()
    assert stack.materialized(run_id) == []


def test_a_range_that_is_canceled_has_loaded_what_it_says_and_nothing_else(stack: Stack) -> None:
    run_id = stack.launch_range("2025-12-01", "2026-01-31")
    until("some dates are in", lambda: len(stack.materialized(run_id)) >= 5, 60)
    assert_canceled_at_once(stack, run_id)
    time.sleep(1)
    materialized = stack.materialized(run_id)
    assert 5 <= len(materialized) < 62
    loaded = {date for date in stack.dates_loaded() if "2025-12-01" <= date <= "2026-01-31"}
    assert loaded == set(materialized)
    for date in materialized:
        assert stack.games(date) == stack.simulated_games(date)
