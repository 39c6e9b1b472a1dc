"""`kill -9` of a run at any moment leaves whole dates only, and Dagster's retry loads the others."""

import os
import random
import signal
import time
from collections.abc import Callable
from functools import partial

import pytest
from support.dagster_stack import Stack, until
from support.databases import Databases
from support.invariants import Tables, assert_nothing_is_left, assert_same, clean_tables, empty, tables
from support.webserver import date_range

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]

FIRST, LAST = "2026-01-01", "2026-01-31"
MOMENTS = random.Random(8)


@pytest.fixture(scope="module")
def clean(running_stack: Stack, databases: Databases) -> Tables:
    """The tables after one load of each date of the month."""
    return clean_tables(databases, running_stack.api.url, date_range(FIRST, LAST))


def test_a_run_killed_at_any_moment_leaves_whole_dates_and_is_retried(
    stack: Stack, clean: Tables, rounds: Callable[[int, int], int]
) -> None:
    seconds = _seconds_of_a_run(stack)
    assert_same(tables(stack.url), clean)
    killed_at_work = 0
    for number in range(rounds(2, 20)):
        empty(stack)
        run_id = stack.launch_range(FIRST, LAST)
        pid = until("its process started", partial(stack.process_of, run_id), 60)
        if number % 2:
            time.sleep(MOMENTS.uniform(0, seconds))
        else:
            dates = MOMENTS.randrange(25)
            until(f"{dates} dates are loaded", lambda dates=dates: len(stack.dates_loaded()) >= dates, 60)
        os.kill(pid, signal.SIGKILL)
        status = stack.finish(run_id, 60)
        left = tables(stack.url)
        _assert_whole_dates(left, clean)
        print(f"round {number}: {status} with {len(left['scoreboard'])} dates loaded")  # noqa: T201
        if status == "SUCCESS":  # it ended before the signal
            continue
        killed_at_work += 0 < len(left["scoreboard"]) < len(clean["scoreboard"])
        assert any("terminated by signal 9" in line for line in stack.messages(run_id))
        retry = stack.retry_of(run_id)
        assert stack.finish(retry, 120) == "SUCCESS"
        assert_same(tables(stack.url), clean)
        assert_nothing_is_left(stack, [run_id, retry])
    assert killed_at_work, "no run was killed while it loaded"


def _seconds_of_a_run(stack: Stack) -> float:
    run_id = stack.launch_range(FIRST, LAST)
    until("its process started", partial(stack.process_of, run_id), 60)
    began = time.monotonic()
    assert stack.finish(run_id, 120) == "SUCCESS"
    return time.monotonic() - began


def _assert_whole_dates(left: Tables, clean: Tables) -> None:
    """Asserts that each loaded date has the rows of a clean run."""
    dates = {row["game_date"] for row in left["scoreboard"]}
    for name in ("fact_game", "scoreboard"):
        assert_same({name: left[name]}, {name: [row for row in clean[name] if row["game_date"] in dates]})
