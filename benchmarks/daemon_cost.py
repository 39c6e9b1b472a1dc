"""Measures what a user waits for: webserver, daemon, queue and runs as in production, with five requests per second."""

import datetime as dt
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
from support.dagster_stack import FINISHED, NCAA_GAMES, PROJECT, Stack, new_stack, until

from benchmarks.server import Server
from benchmarks.table import Row
from pipelines.seasons import eastern_date
from simulator.options import Options

FIRST = dt.date(2025, 11, 3)
_SECONDS = 1800.0


def backfill(server: Server, dates: int) -> Iterator[Row]:
    """Measures a backfill of the UI, with one run per date."""
    with _stack(server, Options(season=2025)) as stack:
        stack.start_without_automation()
        assert stack.finish(stack.launch_date(FIRST.isoformat()), _SECONDS) == "SUCCESS"  # starts the fork server
        before = _processor(stack)
        backfill_id = stack.backfill([(FIRST + dt.timedelta(days=number)).isoformat() for number in range(dates)])
        until("the backfill ends", lambda: stack.backfill_ended(backfill_id), _SECONDS)
        spent = _processor(stack) - before
        runs = stack.instance.get_run_records(dg.RunsFilter(tags={"dagster/backfill": backfill_id}))
        assert [record.dagster_run.is_success for record in runs] == [True] * dates
        created = [record.create_timestamp.timestamp() for record in runs]
        launched = min(stack.instance.get_run_stats(record.dagster_run.run_id).launch_time or 0.0 for record in runs)
        ended = max(record.end_time or 0.0 for record in runs)
        stack.stop()
    name = f"UI backfill, {dates} dates as {dates} runs"
    bound = 90 if dates == 150 else None
    details = f"first launch to last end; submitted within {max(created) - min(created):.1f} s"
    yield Row(name, ended - launched, bound, "s", details)
    yield Row("the same, processor time per run", spent / dates, 0.6, "s", "processes of the runs")


def ticks(server: Server, number: int) -> Iterator[Row]:
    """Measures ticks of the schedule, which here come every minute."""
    with _stack(server, Options()) as stack:
        stack.workspace = ("-m", "benchmarks.every_minute", "-d", str(PROJECT))
        stack.start_daemon()
        until("the first repairs and ticks ended", lambda: len(_ticks(stack)) >= 2 and _idle(stack), _SECONDS)
        warm_up = len(_ticks(stack))
        before = _processor(stack)
        until("the ticks ended", lambda: len(_ticks(stack)) >= warm_up + number and _idle(stack), _SECONDS)
        measured = _ticks(stack)[:-warm_up]
        spent = _processor(stack) - before
        seconds = [_seconds_to_rows(stack, record) for record in measured]
        games = len(stack.simulated_games(eastern_date(dt.datetime.now(dt.UTC)).isoformat()))
        stack.stop()
    details = f"{games} games; {min(seconds):.2f} - {max(seconds):.2f} s in {len(seconds)} ticks"
    yield Row("tick, cron to materialization, median", statistics.median(seconds), 2, "s", details)
    yield Row("the same, processor time per run", spent / len(seconds), 0.6, "s", "processes of the runs")


@contextmanager
def _stack(server: Server, options: Options) -> Iterator[Stack]:
    with TemporaryDirectory() as folder, new_stack(server.new_database(), Path(folder), options) as stack:
        stack.environment["NCAA_API_REQUESTS_PER_SECOND"] = "5"
        yield stack


def _ticks(stack: Stack) -> list[dg.RunRecord]:
    """Returns the ended ticks, the latest first."""
    records = stack.instance.get_run_records(dg.RunsFilter(tags={"dagster/schedule_name": "ncaa_schedule"}))
    return [record for record in records if record.dagster_run.is_success]


def _idle(stack: Stack) -> bool:
    return all(run.status.value in FINISHED for run in stack.instance.get_runs())


def _seconds_to_rows(stack: Stack, record: dg.RunRecord) -> float:
    """Returns the seconds from the minute of a tick to its materialization, which follows the commit."""
    [materialized] = [
        log.timestamp
        for log in stack.instance.all_logs(record.dagster_run.run_id)
        if (event := log.dagster_event) is not None and event.is_step_materialization and event.asset_key == NCAA_GAMES
    ]
    return materialized - record.create_timestamp.timestamp() // 60 * 60


def _processor(stack: Stack) -> float:
    """Returns the processor seconds of the processes of runs that have ended."""
    time.sleep(1)  # for the last one to end
    ticks = 0
    for pid, command in stack.processes().items():
        if "pipelines.runtime.fork_server" in command:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[13]) + int(fields[14])  # cutime, cstime
    return ticks / os.sysconf("SC_CLK_TCK")
