"""`python -m benchmarks.dagster_cost [--quick]`: measures runs in Dagster.

First what a user waits for (`daemon_cost.py`), then runs of `ncaa_games` against runs of an asset that does nothing:

- A run is started as by the daemon: in a fork of a process that has loaded the definitions. Its duration is from launch
  to end according to its events, without the queue's wait of at most a second; its processor time is its process's.
- The asset that does nothing is in a separate code location that imports Dagster alone. Both use `dagster.yaml` and one
  new database. The API is the simulator, and the limit of five requests per second applies.
- *A tick*: 147 games of a Saturday evening with the clock at 60 times its speed, so that each tick has changes. *A
  range*: 150 dates in one run, against a run of one date plus the time of its 149 additional requests at five per
  second. *Runs per date*: 30 dates, three runs at once, as the queue allows for a backfill.
- The two sides are measured alternately. Speed is reported, not asserted.
"""

import argparse
import contextlib
import datetime as dt
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster._cli.job import _create_run
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import CompositeTarget, ModuleTarget

from benchmarks import daemon_cost
from benchmarks.server import running_server
from benchmarks.table import Row, print_table, ratio
from benchmarks.timing import Comparison
from pipelines.runtime.runs import RANGE_TAGS
from pipelines.settings import PROJECT, Settings
from simulator.options import Options
from simulator.server import Served, serving

SEASON = 2025
SATURDAY = dt.date(2026, 1, 3)
FIRST = dt.date(2025, 11, 3)
RANGE = 150
CONCURRENT_RUNS = 3
GAMES = ("pipelines.definitions", "ncaa_ingestion")
_NOTHING = ("benchmarks.empty_asset", "nothing_job")
_RUN_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one run, or of several at once."""

    elapsed: float
    processor: float


class CodeServers:
    """Both code locations on one instance, each served by a process as under the daemon."""

    def __init__(self, instance: dg.DagsterInstance, context: WorkspaceProcessContext) -> None:
        self._instance = instance
        self._workspace = context.create_request_context()

    def run(self, job: tuple[str, str], *tags: Mapping[str, str]) -> Cost:
        """Runs once per set of tags, all at once; returns the cost from the first launch to the last end."""
        run_ids = [self._create(job, given) for given in tags]
        before = _processor_of_runs()
        for run_id in run_ids:
            self._instance.launch_run(run_id, self._workspace)
        self._wait_for(run_ids)
        records = [self._instance.get_run_stats(run_id) for run_id in run_ids]
        began = min(record.launch_time or 0.0 for record in records)
        ended = max(record.end_time or 0.0 for record in records)
        return Cost(ended - began, _processor_of_runs() - before)

    def _create(self, job: tuple[str, str], tags: Mapping[str, str]) -> str:
        module, name = job
        location = self._workspace.get_code_location(module)
        [repository] = location.get_repositories().values()
        run: dg.DagsterRun = _create_run(
            instance=self._instance,
            code_location=location,
            remote_repo=repository,
            remote_job=repository.get_full_job(name),
            run_config={},
            tags=tags,
            op_selection=None,
            run_id=None,
        )
        return run.run_id

    def _wait_for(self, run_ids: list[str]) -> None:
        """Waits until the runs' processes have ended."""
        deadline = time.monotonic() + _RUN_SECONDS
        while (runs := self._instance.get_runs(dg.RunsFilter(run_ids=run_ids))) and not (
            all(run.is_finished for run in runs) and not _processes_of_runs()
        ):
            assert time.monotonic() < deadline, f"a run did not end: {run_ids}"
            time.sleep(0.2)
        assert all(run.is_success for run in runs), [(run.run_id, run.status) for run in runs]


def _children(pid: int) -> set[int]:
    found: set[int] = set()
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the process or a thread has ended
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            found |= {int(child) for child in path.read_text().split()}
    return found


def _processes_of_runs() -> set[int]:
    """Returns the children of our children, except the resource tracker of `multiprocessing`."""
    runs = set()
    for pid in (pid for child in _children(os.getpid()) for pid in _children(child)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                runs.add(pid)
    return runs


def _processor_of_runs() -> float:
    """Returns the processor seconds of the children of our children that have ended."""
    ticks = 0
    for child in _children(os.getpid()):
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[13]) + int(fields[14])  # cutime, cstime
    return ticks / os.sysconf("SC_CLK_TCK")


def _tick(servers: CodeServers, api: Served, repeats: int) -> Iterator[Row]:
    api.simulator.clock.set(dt.datetime.combine(SATURDAY, dt.time(18)), speed=60)
    tags = {"dagster/partition": SATURDAY.isoformat()}
    ticks, empty = [], []
    for number in range(repeats + 1):
        tick, nothing = servers.run(GAMES, tags), servers.run(_NOTHING, {})
        if number > 0:  # the first one loads the day
            ticks.append(tick)
            empty.append(nothing)
    yield ratio("a tick of 147 games / an empty run", _elapsed(ticks, empty), 1.25)
    yield ratio("the same, processor time", _processor(ticks, empty), None)


def _range(servers: CodeServers, api: Served, repeats: int) -> Iterator[Row]:
    api.simulator.clock.set()
    last = FIRST + dt.timedelta(days=RANGE - 1)
    tags = dict(zip(RANGE_TAGS, (FIRST.isoformat(), last.isoformat()), strict=True))
    ranges, dates = [], []
    for _ in range(repeats):
        date = servers.run(GAMES, {"dagster/partition": SATURDAY.isoformat()})
        ranges.append(servers.run(GAMES, tags))
        additional_requests = (RANGE - 1) / Settings().ncaa_api_requests_per_second
        dates.append(Cost(date.elapsed + additional_requests, date.processor))
    yield ratio(f"{RANGE} dates in one run / one date and the limit", _elapsed(ranges, dates), 2)
    yield ratio("the same, processor time, without the limit", _processor(ranges, dates), None)


def _runs_per_date(servers: CodeServers, api: Served, batches: int) -> Iterator[Row]:
    api.simulator.clock.set()
    games, empty = [], []
    for batch in range(batches):
        days = [FIRST + dt.timedelta(days=batch * CONCURRENT_RUNS + number) for number in range(CONCURRENT_RUNS)]
        games.append(servers.run(GAMES, *({"dagster/partition": day.isoformat()} for day in days)))
        empty.append(servers.run(_NOTHING, *({} for _ in days)))
    name = f"{batches * CONCURRENT_RUNS} dates as runs / as many empty runs"
    yield ratio(name, _elapsed(games, empty), 1.15)
    yield ratio("the same, processor time", _processor(games, empty), None)


def _elapsed(measured: list[Cost], base: list[Cost]) -> Comparison:
    return Comparison([cost.elapsed for cost in measured], [cost.elapsed for cost in base])


def _processor(measured: list[Cost], base: list[Cost]) -> Comparison:
    return Comparison([cost.processor for cost in measured], [cost.processor for cost in base])


@contextlib.contextmanager
def running_code_servers(api: str, database_url: str) -> Iterator[CodeServers]:
    os.environ |= {"DATABASE_URL": database_url, "NCAA_API_URL": api, "DAGSTER_HOME": str(PROJECT)}
    os.environ.setdefault("DAGSTER_GRPC_TIMEOUT_SECONDS", "300")
    modules = [ModuleTarget(module, None, str(PROJECT), module) for module, _ in (GAMES, _NOTHING)]
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance, contextlib.ExitStack() as stack:
        with _discarded_output():  # the servers and their runs inherit our output
            context = stack.enter_context(WorkspaceProcessContext(instance, CompositeTarget(modules)))
        yield CodeServers(instance, context)


@contextlib.contextmanager
def _discarded_output() -> Iterator[None]:
    saved = {number: os.dup(number) for number in (1, 2)}
    null = os.open(os.devnull, os.O_WRONLY)
    for number in saved:
        os.dup2(null, number)
    yield
    for number, before in saved.items():
        os.dup2(before, number)


def _measure(*, quick: bool) -> Iterator[Row]:
    with running_server() as server:
        yield from daemon_cost.backfill(server, 30 if quick else 150)
        yield from daemon_cost.ticks(server, 3 if quick else 9)
        with serving(Options(season=SEASON)) as api:
            url = server.new_database().render_as_string(hide_password=False)
            with running_code_servers(api.url, url) as servers:
                servers.run(_NOTHING, {})
                yield from _tick(servers, api, 3 if quick else 9)
                yield from _range(servers, api, 2 if quick else 3)
                yield from _runs_per_date(servers, api, 2 if quick else 10)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dagster_cost", description="Measure the cost of runs.")
    parser.add_argument("--quick", action="store_true", help="fewer runs, to check that everything works")
    rows = []
    for row in _measure(quick=parser.parse_args().quick):
        print(row.name, f"{row.value:.2f} {row.unit} ({row.details})", file=sys.stderr)
        rows.append(row)
    print_table(rows)


if __name__ == "__main__":
    main()
