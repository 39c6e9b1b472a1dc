"""Loads one month with three backfills, two runs of today and two command lines at the same time.

That concurrent loads end in the rows of sequential ones is tested in
tests/integration/warehouse/test_load_concurrency.py.
"""

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.dagster_stack import PROJECT, Stack, until
from support.databases import Databases
from support.invariants import assert_nothing_is_left, assert_same, clean_tables, tables
from support.webserver import date_range

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]

FIRST, TODAY, LAST = "2026-01-01", "2026-01-20", "2026-01-31"
EVENING = dt.datetime(2026, 1, 20, 20, 30)  # noqa: DTZ001  # the simulator's, US Eastern


def test_concurrent_loads_of_a_month_end_as_one_load_of_each_date(
    stack: Stack, databases: Databases, rounds: Callable[[int, int], int]
) -> None:
    stack.api.simulator.clock.set(EVENING, 0)  # some dates are past, one has live games, others are ahead
    clean = clean_tables(databases, stack.api.url, date_range(FIRST, LAST))
    assert {"scheduled", "live", "final"} == {game["game_status"] for game in clean["fact_game"]}

    command = [Path(sys.executable).parent / "gamepulse", "backfill", FIRST, LAST]
    around_today = [date.isoformat() for date in date_range(TODAY, LAST)[: rounds(3, 12)]]
    backfill = stack.backfill(around_today)
    runs = [stack.launch_range(FIRST, LAST), stack.launch_range(FIRST, LAST)]
    commands = [
        subprocess.Popen(
            command, cwd=PROJECT, env=stack.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    runs += [stack.launch_date(TODAY, **{"dagster/priority": "10"}) for _ in range(2)]

    for running in commands:
        output, _ = running.communicate(timeout=300)
        assert running.returncode == 0, output[-2000:]
        assert "31 of 31 dates are loaded" in output
    for run_id in runs:
        assert stack.finish(run_id, 300) == "SUCCESS"
    until("the backfill ends", lambda: stack.backfill_ended(backfill), 300)
    assert stack.backfill_status(backfill) == "COMPLETED_SUCCESS"
    assert_same(tables(stack.url), clean)
    assert_nothing_is_left(stack, runs)
