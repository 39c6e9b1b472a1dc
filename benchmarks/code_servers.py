"""Runs jobs through the run launcher, on code servers as under the daemon, and measures them by their events."""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from dagster._cli.job import _create_run
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import CompositeTarget, ModuleTarget

from pipelines.settings import PROJECT

OURS = "pipelines.definitions"
GAMES = (OURS, "ncaa_ingestion")
NOTHING = ("benchmarks.empty_asset", "nothing_job")
_RUN_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one run, or of several at once."""

    elapsed: float
    processor: float


class CodeServers:
    """Both code locations on one instance, each served by a process as under the daemon."""

    def __init__(self, instance: dg.DagsterInstance, context: WorkspaceProcessContext) -> None:
        self.instance = instance
        self._workspace = context.create_request_context()

    def run(self, job: tuple[str, str], *tags: Mapping[str, str]) -> Cost:
        """Runs once per set of tags, all at once; returns the cost from the first launch to the last end."""
        run_ids = [self._create(job, given) for given in tags]
        before = _processor_of_runs()
        for run_id in run_ids:
            self.instance.launch_run(run_id, self._workspace)
        self._wait_for(run_ids)
        records = [self.instance.get_run_stats(run_id) for run_id in run_ids]
        began = min(record.launch_time or 0.0 for record in records)
        ended = max(record.end_time or 0.0 for record in records)
        return Cost(ended - began, _processor_of_runs() - before)

    def _create(self, job: tuple[str, str], tags: Mapping[str, str]) -> str:
        module, name = job
        location = self._workspace.get_code_location(module)
        [repository] = location.get_repositories().values()
        run: dg.DagsterRun = _create_run(
            instance=self.instance,
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
        while (runs := self.instance.get_runs(dg.RunsFilter(run_ids=run_ids))) and not (
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


@contextlib.contextmanager
def running_code_servers(api: str, database: sa.URL) -> Iterator[CodeServers]:
    url = database.render_as_string(hide_password=False)
    os.environ |= {"DATABASE_URL": url, "NCAA_API_URL": api, "DAGSTER_HOME": str(PROJECT)}
    os.environ.setdefault("DAGSTER_GRPC_TIMEOUT_SECONDS", "300")
    modules = [ModuleTarget(module, None, str(PROJECT), module) for module, _ in (GAMES, NOTHING)]
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
