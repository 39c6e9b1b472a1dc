"""`kill -9` of a run at any moment: whole dates only, and the run that Dagster launches instead brings the rest."""

import os
import random
import signal
import time
from collections.abc import Callable
from functools import partial

import pytest
import sqlalchemy as sa
from support.dagster_stack import Stack, until
from support.invariants import (
    Tables,
    assert_nothing_is_left,
    assert_same,
    clean_tables,
    days,
    empty,
    process_of,
    tables,
)

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]

FIRST, LAST = "2026-01-01", "2026-01-31"
MOMENTS = random.Random(8)


@pytest.fixture(scope="module")
def clean(stack: Stack, postgres_server: sa.URL) -> Tables:
    """The month as one load of each date makes it."""
    return clean_tables(postgres_server, "killed_runs_clean", stack.api.url, days(FIRST, LAST))


def test_a_run_that_is_killed_at_any_moment_leaves_whole_dates_and_is_run_again(
    stack: Stack, clean: Tables, rounds: Callable[[int, int], int]
) -> None:
    seconds = _seconds_of_a_run(stack)
    assert_same(tables(stack.url), clean)
    killed_at_work = 0
    for number in range(rounds(2, 20)):
        empty(stack)
        run_id = stack.launch_range(FIRST, LAST)
        pid = until("its process is there", partial(process_of, stack, run_id), 60)
        if number % 2:
            time.sleep(MOMENTS.uniform(0, seconds))
        else:
            dates = MOMENTS.randrange(25)
            until(f"{dates} dates are in", lambda dates=dates: len(stack.dates_loaded()) >= dates, 60)
        os.kill(pid, signal.SIGKILL)
        status = stack.finish(run_id, 60)
        left = tables(stack.url)
        _assert_whole_dates(left, clean)
        print(f"round {number}: {status} with {len(left['scoreboard'])} dates in")  # noqa: T201
        if status == "SUCCESS":  # it was over already
            continue
        killed_at_work += 0 < len(left["scoreboard"]) < len(clean["scoreboard"])
        assert any("terminated by signal 9" in line for line in stack.messages(run_id))
        tag = {"dagster/parent_run_id": run_id}
        [again] = until("it is run again", partial(stack.runs, **tag), 60)
        assert stack.finish(again.run_id, 120) == "SUCCESS"
        assert_same(tables(stack.url), clean)
        assert_nothing_is_left(stack, [run_id, again.run_id])
    assert killed_at_work, "no run was killed while it loaded"


def _seconds_of_a_run(stack: Stack) -> float:
    run_id = stack.launch_range(FIRST, LAST)
    until("its process is there", lambda: process_of(stack, run_id), 60)
    began = time.monotonic()
    assert stack.finish(run_id, 120) == "SUCCESS"
    return time.monotonic() - began


def _assert_whole_dates(left: Tables, clean: Tables) -> None:
    """What is there is what a clean run makes of those dates."""
    dates = {row["game_date"] for row in left["scoreboard"]}
    for name in ("fact_game", "scoreboard"):
        assert_same({name: left[name]}, {name: [row for row in clean[name] if row["game_date"] in dates]})
