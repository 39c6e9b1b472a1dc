"""Backfills by the daemon: event log, partition statuses and tables agree, also after failures and kills."""

import os
import signal
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa
from support.dagster_stack import PROJECT, Stack, until

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(240)]

CLEAN = [f"2026-01-{day:02}" for day in range(5, 10)]
BAD = "2026-02-03"
ONE_BAD = ["2026-02-02", BAD, "2026-02-04"]
UNSTORED = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON dagster.event_logs
    FOR EACH ROW WHEN (NEW.dagster_event_type = 'STEP_SUCCESS') EXECUTE FUNCTION refuse()
"""


def test_a_backfill_is_one_run_per_date_and_only_failed_dates_are_re_executed(stack: Stack) -> None:
    stack.set_faults(truncated={"dates": [BAD]})
    clean, one_bad = stack.backfill(CLEAN), stack.backfill(ONE_BAD)
    until("both backfills ended", lambda: stack.backfill_ended(clean) and stack.backfill_ended(one_bad), 150)

    assert stack.backfill_status(clean) == "COMPLETED_SUCCESS"
    runs = stack.runs(**{"dagster/backfill": clean})
    assert sorted(run.tags["dagster/partition"] for run in runs) == CLEAN
    for run in runs:
        assert run.status.value == "SUCCESS"
        assert stack.materialized(run.run_id) == [run.tags["dagster/partition"]]
    for date in CLEAN:
        assert stack.games(date) == stack.simulated_games(date) != {}

    assert stack.backfill_status(one_bad) == "COMPLETED_FAILED"
    runs = stack.runs(**{"dagster/backfill": one_bad})
    assert {run.tags["dagster/partition"]: run.status.value for run in runs} == {
        date: "FAILURE" if date == BAD else "SUCCESS" for date in ONE_BAD
    }
    [failed] = [run for run in runs if run.status.value == "FAILURE"]
    assert f"{BAD}: GET {stack.api.url}/scoreboard/basketball-men/d1/2026/02/03" in stack.failure(failed.run_id)
    assert "STEP_UP_FOR_RETRY" not in stack.event_types(failed.run_id), "truncated JSON is not retryable"
    assert stack.games(BAD) == {}
    statuses = stack.partition_statuses()
    assert {date: statuses[date] for date in CLEAN + ONE_BAD} == {
        date: "FAILED" if date == BAD else "MATERIALIZED" for date in CLEAN + ONE_BAD
    }

    stack.set_faults()
    again = stack.reexecute_backfill(one_bad)
    until("the second backfill ended", lambda: stack.backfill_ended(again), 90)
    [run] = stack.runs(**{"dagster/backfill": again})
    assert (run.tags["dagster/partition"], run.status.value) == (BAD, "SUCCESS")
    assert stack.partition_statuses()[BAD] == "MATERIALIZED"
    assert stack.games(BAD) == stack.simulated_games(BAD) != {}


def test_only_the_bad_dates_of_a_range_fail(stack: Stack) -> None:
    dates = [f"2025-12-{day:02}" for day in range(1, 13)]
    bad = {"2025-12-02", "2025-12-07", "2025-12-12"}
    stack.set_faults(truncated={"dates": sorted(bad)})
    run_id = stack.launch_range(dates[0], dates[-1])
    assert stack.finish(run_id, 90) == "FAILURE"
    assert stack.materialized(run_id) == sorted(set(dates) - bad)
    reasons = stack.failure(run_id)
    for date in bad:
        assert f"{date}: GET " in reasons
    run = stack.instance.get_run_by_id(run_id)
    assert run is not None
    assert run.tags["dagster/will_retry"] == "false", "each bad date had four attempts"
    statuses = stack.partition_statuses()
    for date in dates:
        assert statuses.get(date) == ("FAILED" if date in bad else "MATERIALIZED")
        assert stack.games(date) == ({} if date in bad else stack.simulated_games(date))


def test_a_killed_run_leaves_whole_dates_and_is_detected_and_retried(stack: Stack) -> None:
    first, last = "2025-11-10", "2025-12-31"
    run_id = stack.launch_range(first, last)
    until("some dates are loaded", lambda: len(stack.materialized(run_id)) >= 5, 60)
    pid = stack.process_of(run_id)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    assert stack.finish(run_id, 120) == "FAILURE"
    assert time.monotonic() - began < 120
    materialized = stack.materialized(run_id)
    loaded = {date for date in stack.dates_loaded() if first <= date <= "2025-11-30"}
    assert set(materialized) - {f"2025-12-{day:02}" for day in range(1, 32)} <= loaded
    for date in loaded:
        assert stack.games(date) == stack.simulated_games(date), "a date is loaded in part"

    assert stack.finish(stack.retry_of(run_id), 90) == "SUCCESS"
    for date in (first, "2025-11-28", last):
        assert stack.games(date) == stack.simulated_games(date)


def test_a_run_that_could_not_record_its_date_is_retried(stack: Stack) -> None:
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%asset_keys%'"
    stack.set_faults(hang={"seconds": 2})
    run_id = stack.wait_for_request(lambda: stack.launch_date("2026-01-22"))
    with stack.engine.connect() as connection:
        connection.execute(sa.text("LOCK TABLE dagster.asset_keys IN EXCLUSIVE MODE"))
        stack.set_faults()
        [[pid]] = until("the run reports the date", lambda: stack.rows(waiting), 60)
        stack.rows(f"SELECT pg_terminate_backend({pid})")
    assert_retried(stack, run_id, "2026-01-22")
    assert stack.games("2026-01-22") == stack.simulated_games("2026-01-22")


def test_a_run_whose_last_event_could_not_be_stored_is_retried(stack: Stack) -> None:
    with stack.engine.begin() as connection:
        connection.execute(sa.text(UNSTORED))
    run_id = stack.launch_date("2026-01-23")
    try:
        stack.finish(run_id)
    finally:
        with stack.engine.begin() as connection:
            connection.execute(sa.text("DROP FUNCTION refuse() CASCADE"))
    assert_retried(stack, run_id, "2026-01-23")


def assert_retried(stack: Stack, run_id: str, date: str) -> None:
    """Asserts that the run failed and that another one, not another attempt of its step, loaded the date."""
    assert stack.finish(run_id) == "FAILURE"
    retry = stack.retry_of(run_id)
    assert stack.finish(retry) == "SUCCESS"
    assert stack.materialized(retry) == [date]


def test_a_killed_command_line_is_detected_within_two_minutes(stack: Stack) -> None:
    stack.set_faults(hang={"seconds": 60})
    date = "2026-01-20"
    arguments = f"-m dagster asset materialize -m pipelines.definitions --select ncaa_games --partition {date}"
    command = subprocess.Popen([sys.executable, *arguments.split()], cwd=PROJECT, env=stack.environment)
    try:
        runs = until("its run exists", lambda: stack.runs(**{"dagster/partition": date}), 60)
        run_id = runs[0].run_id
        until("its step runs", lambda: "STEP_START" in stack.event_types(run_id), 60)
    finally:
        command.kill()
        command.wait()
    assert stack.finish(run_id, 120) == "FAILURE"
    assert any(f"process {command.pid} of this run died" in message for message in stack.messages(run_id))


def test_a_tick_does_not_wait_for_a_backfill(stack: Stack) -> None:
    dates = [f"{year}-{month:02}-{day:02}" for year in range(2015, 2025) for month in (1, 2) for day in range(1, 16)]
    backfill = stack.backfill(dates)
    tag = {"dagster/backfill": backfill}
    until("the backfill runs", lambda: any(run.status.value == "STARTED" for run in stack.runs(**tag)), 90)
    until("the queue is long", lambda: len(stack.runs(**tag)) >= 40, 120)
    run_id = stack.launch_date("2026-03-01", **{"dagster/priority": "10", "dagster/max_runtime": "300"})
    began = time.monotonic()
    until("the tick's run starts", lambda: "STEP_START" in stack.event_types(run_id), 40)
    seconds = time.monotonic() - began
    stack.cancel_backfill(backfill)
    assert seconds < 15, f"it took {seconds:.1f} seconds"
    assert stack.finish(run_id) == "SUCCESS"
