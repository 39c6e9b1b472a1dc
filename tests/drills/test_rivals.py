"""Three backfills, the schedule's date and two command lines over the same month, all at once.

That loads at once end in the rows of one after the other is in tests/integration/warehouse/test_load_concurrency.py.
"""

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.dagster_stack import PROJECT, Stack, until
from support.invariants import assert_nothing_is_left, assert_same, clean_tables, days, tables

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]

FIRST, TODAY, LAST = "2026-01-01", "2026-01-20", "2026-01-31"
EVENING = dt.datetime(2026, 1, 20, 20, 30)  # noqa: DTZ001  # the simulator's, US Eastern


def test_rivals_over_one_month_end_as_one_load_of_each_date(
    stack: Stack, postgres_server: sa.URL, rounds: Callable[[int, int], int]
) -> None:
    stack.api.simulator.clock.set(EVENING, 0)  # some dates are over, one is on, others are to come
    clean = clean_tables(postgres_server, "rivals_clean", stack.api.url, days(FIRST, LAST))
    assert {"scheduled", "live", "final"} == {game["game_status"] for game in clean["fact_game"]}

    command = [Path(sys.executable).parent / "gamepulse", "backfill", FIRST, LAST]
    around_today = [date.isoformat() for date in days(TODAY, LAST)[: rounds(3, 12)]]
    backfill = stack.backfill(around_today)
    runs = [stack.launch_range(FIRST, LAST), stack.launch_range(FIRST, LAST)]
    rivals = [
        subprocess.Popen(
            command, cwd=PROJECT, env=stack.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    runs += [stack.launch_date(TODAY, **{"dagster/priority": "10"}) for _ in range(2)]

    for rival in rivals:
        said, _ = rival.communicate(timeout=300)
        assert rival.returncode == 0, said[-2000:]
        assert "31 of 31 dates are in" in said
    for run_id in runs:
        assert stack.finish(run_id, 300) == "SUCCESS"
    until("the backfill ends", lambda: stack.backfill_status(backfill).startswith("COMPLETED"), 300)
    assert stack.backfill_status(backfill) == "COMPLETED_SUCCESS"
    assert_same(tables(stack.url), clean)
    assert_nothing_is_left(stack, runs)
