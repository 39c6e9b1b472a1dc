"""`python -m benchmarks.dagster_cost [--quick]`: runs of `ncaa_games` against runs of an asset that does nothing.

- A run is what the daemon's launcher starts: the code server is asked to (`StartRun`), it spawns an interpreter, and
  that loads the code location and executes the job in itself. A run lasts from its launch to its end as its own events
  have them; processor time is that of the spawned process. The queue's wait, a second at most, is not in it.
- The asset that does nothing is in a code location of its own, which imports Dagster alone; both use `dagster.yaml` and
  one new database. The API is the simulator, a process of its own, and the limit of five requests a second is on.
- *A tick*: 147 games of a Saturday evening, whose clock runs sixty times as fast, so that each tick has changes. *A
  range*: 150 dates in one run, against a run of one date and the time of the requests that it makes more, 149, at five
  a second. *A run a date*: 30 dates, three runs at once, as many as the queue lets of a backfill.
- The two sides are measured in turns. Speed is reported, not asserted.
"""

import argparse
import asyncio
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

from benchmarks.server import running_server
from benchmarks.simulator import running_simulator, set_clock
from benchmarks.table import Row, print_table, ratio
from benchmarks.timing import Comparison
from pipelines.repairs import RANGE_TAGS
from pipelines.settings import PROJECT, Settings

SEASON = 2025
SATURDAY = dt.date(2026, 1, 3)
FIRST = dt.date(2025, 11, 3)
RANGE = 150
AT_ONCE = 3
_GAMES = ("pipelines.definitions", "ncaa_ingestion")
_NOTHING = ("benchmarks.empty_asset", "nothing_job")
_RUN_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run or of some at once, in seconds."""

    elapsed: float
    processor: float


class CodeServers:
    """Both code locations on one instance, each served by a process as the daemon starts it."""

    def __init__(self, instance: dg.DagsterInstance, context: WorkspaceProcessContext) -> None:
        self._instance = instance
        self._workspace = context.create_request_context()

    def run(self, job: tuple[str, str], *tags: Mapping[str, str]) -> Cost:
        """A run for each of the tags, all at once; what that took from the first launch to the last end."""
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
        return _create_run(
            instance=self._instance,
            code_location=location,
            remote_repo=repository,
            remote_job=repository.get_full_job(name),
            run_config={},
            tags=tags,
            op_selection=None,
            run_id=None,
        ).run_id

    def _wait_for(self, run_ids: list[str]) -> None:
        """Until their processes are gone, and the servers have seen it."""
        deadline = time.monotonic() + _RUN_SECONDS
        while (runs := self._instance.get_runs(dg.RunsFilter(run_ids=run_ids))) and not (
            all(run.is_finished for run in runs) and not _processes_of_runs()
        ):
            assert time.monotonic() < deadline, f"a run does not end: {run_ids}"
            time.sleep(0.2)
        assert all(run.is_success for run in runs), [(run.run_id, run.status) for run in runs]


def _children(pid: int) -> set[int]:
    found: set[int] = set()
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile, or a thread of it
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            found |= {int(child) for child in path.read_text().split()}
    return found


def _processes_of_runs() -> set[int]:
    """Of the children of our children all but what `multiprocessing` keeps."""
    runs = set()
    for pid in (pid for child in _children(os.getpid()) for pid in _children(child)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                runs.add(pid)
    return runs


def _processor_of_runs() -> float:
    """Seconds that the children of our children have taken; of those only that are over."""
    ticks = 0
    for child in _children(os.getpid()):
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[13]) + int(fields[14])  # cutime, cstime
    return ticks / os.sysconf("SC_CLK_TCK")


def _tick(servers: CodeServers, api: str, repeats: int) -> Iterator[Row]:
    set_clock(api, dt.datetime.combine(SATURDAY, dt.time(18)), speed=60)
    tags = {"dagster/partition": SATURDAY.isoformat()}
    ticks, empty = [], []
    for number in range(repeats + 1):
        tick, nothing = servers.run(_GAMES, tags), servers.run(_NOTHING, {})
        if number > 0:  # the first one brings in the day
            ticks.append(tick)
            empty.append(nothing)
    yield ratio("a tick of 147 games / an empty run", _elapsed(ticks, empty), 1.25)
    yield ratio("the same, processor time", _processor(ticks, empty), None)


def _range(servers: CodeServers, api: str, repeats: int) -> Iterator[Row]:
    set_clock(api, None)
    last = FIRST + dt.timedelta(days=RANGE - 1)
    tags = dict(zip(RANGE_TAGS, (FIRST.isoformat(), last.isoformat()), strict=True))
    ranges, dates = [], []
    for _ in range(repeats):
        date = servers.run(_GAMES, {"dagster/partition": SATURDAY.isoformat()})
        ranges.append(servers.run(_GAMES, tags))
        more_requests = (RANGE - 1) / Settings().ncaa_api_requests_per_second
        dates.append(Cost(date.elapsed + more_requests, date.processor))
    yield ratio(f"{RANGE} dates in one run / one date and the limit", _elapsed(ranges, dates), 2)
    yield ratio("the same, processor time, no limit in it", _processor(ranges, dates), None)


def _run_a_date(servers: CodeServers, api: str, batches: int) -> Iterator[Row]:
    set_clock(api, None)
    games, empty = [], []
    for batch in range(batches):
        days = [FIRST + dt.timedelta(days=batch * AT_ONCE + number) for number in range(AT_ONCE)]
        games.append(servers.run(_GAMES, *({"dagster/partition": day.isoformat()} for day in days)))
        empty.append(servers.run(_NOTHING, *({} for _ in days)))
    what = f"{batches * AT_ONCE} dates as runs / as many empty runs"
    yield ratio(what, _elapsed(games, empty), 1.15)
    yield ratio("the same, processor time", _processor(games, empty), None)


def _elapsed(measured: list[Cost], base: list[Cost]) -> Comparison:
    return Comparison([cost.elapsed for cost in measured], [cost.elapsed for cost in base])


def _processor(measured: list[Cost], base: list[Cost]) -> Comparison:
    return Comparison([cost.processor for cost in measured], [cost.processor for cost in base])


@contextlib.contextmanager
def _code_servers(api: str, database_url: str) -> Iterator[CodeServers]:
    os.environ |= {"DATABASE_URL": database_url, "NCAA_API_URL": api, "DAGSTER_HOME": str(PROJECT)}
    os.environ.setdefault("DAGSTER_GRPC_TIMEOUT_SECONDS", "300")
    modules = [ModuleTarget(module, None, str(PROJECT), module) for module, _ in (_GAMES, _NOTHING)]
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance, contextlib.ExitStack() as stack:
        with _output_dropped():  # that of the servers and their runs, who inherit ours
            context = stack.enter_context(WorkspaceProcessContext(instance, CompositeTarget(modules)))
        yield CodeServers(instance, context)


@contextlib.contextmanager
def _output_dropped() -> Iterator[None]:
    kept = {number: os.dup(number) for number in (1, 2)}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in kept:
        os.dup2(nowhere, number)
    yield
    for number, before in kept.items():
        os.dup2(before, number)


async def _measure(*, quick: bool) -> list[Row]:
    rows = []
    async with running_server() as server:
        url = (await server.new_database()).render_as_string(hide_password=False)
        with running_simulator(SEASON) as api, _code_servers(api, url) as servers:
            servers.run(_NOTHING, {})
            for measure, repeats in (
                (_tick, 3 if quick else 9),
                (_range, 2 if quick else 3),
                (_run_a_date, 2 if quick else 10),
            ):
                for row in measure(servers, api, repeats):
                    print(row.what, f"{row.value:.2f} {row.unit} ({row.details})", file=sys.stderr)  # it takes minutes
                    rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dagster_cost", description="What Dagster itself costs.")
    parser.add_argument("--quick", action="store_true", help="fewer runs: does it work at all")
    print_table(asyncio.run(_measure(quick=parser.parse_args().quick)))


if __name__ == "__main__":
    main()
