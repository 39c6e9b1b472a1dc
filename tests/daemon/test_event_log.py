"""What a run leaves in Dagster's tables."""

import pytest
from support.dagster_stack import Stack

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(240)]

DATE = "2026-01-06"


def test_an_unchanged_tick_writes_at_most_18_rows(stack: Stack) -> None:
    for _ in range(2):
        run_id = stack.launch_date(DATE)
        assert stack.finish(run_id) == "SUCCESS"
    written = stack.rows(
        f"SELECT dagster_event_type, count(*) FROM dagster.event_logs WHERE run_id = '{run_id}' GROUP BY 1 ORDER BY 1"
    )
    [(checks,)] = stack.rows(f"SELECT count(*) FROM dagster.asset_check_executions WHERE run_id = '{run_id}'")
    assert sum(count for _, count in written) + checks <= 18, written
