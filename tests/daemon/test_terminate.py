"""*Terminate* in the UI cancels a run within seconds at every stage."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from support.dagster_stack import Stack, until
from support.invariants import is_alive
from support.tables import SLOW_COMMITS

from pipelines.warehouse.load import TAKE_TURN

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(240)]


def assert_canceled_at_once(stack: Stack, run_id: str) -> None:
    """Terminates a run; it is CANCELED within five seconds, its process and session end, and no attempt follows."""
    attempts = stack.event_types(run_id).count("STEP_RESTARTED")
    began = time.monotonic()
    stack.terminate(run_id)
    assert stack.finish(run_id, 20) == "CANCELED"
    seconds = time.monotonic() - began
    assert seconds < 5, f"it took {seconds:.1f} seconds"
    until("the run's sessions ended", lambda: not stack.sessions(), 5)
    assert stack.event_types(run_id).count("STEP_RESTARTED") == attempts


@contextmanager
def loads_blocked(stack: Stack) -> Iterator[None]:
    """Takes the turn of loads in another session."""
    with stack.engine.connect() as connection:
        connection.execute(TAKE_TURN)
        yield
        connection.rollback()


def waits_for_its_turn(stack: Stack) -> bool:
    """Whether a load waits for another."""
    return bool(stack.rows("SELECT 1 FROM pg_locks WHERE relation = 'load_turn'::regclass AND NOT granted"))


def test_a_run_is_canceled_while_a_request_hangs(stack: Stack) -> None:
    stack.set_faults(hang={"seconds": 30})
    run_id = stack.wait_for_request(lambda: stack.launch_date("2026-01-05"))
    assert_canceled_at_once(stack, run_id)
    stack.set_faults()
    time.sleep(1)
    assert "2026-01-05" not in stack.dates_loaded()


def test_a_run_is_canceled_during_the_wait_before_its_last_retry(stack: Stack) -> None:
    stack.set_faults(http_500={})
    run_id = stack.launch_date("2026-01-06")
    until("it waits for its last retry", lambda: stack.event_types(run_id).count("STEP_UP_FOR_RETRY") == 3, 60)
    sent = len(stack.api.simulator.requests)
    stack.set_faults()
    assert_canceled_at_once(stack, run_id)
    time.sleep(1)
    assert len(stack.api.simulator.requests) == sent, "the canceled run sent another request"
    assert "2026-01-06" not in stack.dates_loaded()


def test_a_run_is_canceled_during_a_load_and_nothing_of_it_is_written(stack: Stack) -> None:
    with loads_blocked(stack):
        run_id = stack.launch_date("2026-01-07")
        until("the load waits", lambda: waits_for_its_turn(stack), 60)
        assert_canceled_at_once(stack, run_id)
    time.sleep(1)
    assert "2026-01-07" not in stack.dates_loaded()
    assert stack.materialized(run_id) == []


def test_a_canceled_range_has_loaded_exactly_the_dates_it_reported(stack: Stack) -> None:
    with stack.engine.begin() as connection:
        connection.execute(sa.text(SLOW_COMMITS.format(table="scoreboard")))
    try:
        run_id = stack.launch_range("2025-12-01", "2026-01-31")
        until("some dates are loaded", lambda: len(stack.materialized(run_id)) >= 5, 60)
        assert_canceled_at_once(stack, run_id)
    finally:
        with stack.engine.begin() as connection:
            connection.execute(sa.text("DROP FUNCTION wait_once CASCADE"))
    time.sleep(1)
    materialized = stack.materialized(run_id)
    assert 5 <= len(materialized) < 62
    loaded = {date for date in stack.dates_loaded() if "2025-12-01" <= date <= "2026-01-31"}
    assert loaded == set(materialized)
    for date in materialized:
        assert stack.games(date) == stack.simulated_games(date)


def test_a_forced_termination_ends_the_process(stack: Stack) -> None:
    stack.set_faults(hang={"seconds": 30})
    run_id = stack.wait_for_request(lambda: stack.launch_date("2026-01-08"))
    stack.terminate(run_id, force=True)
    assert stack.status(run_id) == "CANCELED"
    pid = stack.process_of(run_id)
    until("its process ends", lambda: pid is not None and not is_alive(pid), 5)
