"""Launches runs as local processes, stops them with the daemon, and detects runs whose process died."""

import time
from typing import Final

import dagster as dg
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus

from pipelines.runtime.processes import Process

PROCESS_TAG: Final = ".dagster/gamepulse_process"
"""The UI hides tags with this prefix."""
STOPPED_TAG: Final = ".dagster/gamepulse_stopped"
"""On runs that were terminated because the daemon stopped, and not by a person."""
END_SECONDS: Final = 1.0
"""Most dates under way finish within this time after the daemon is stopped; longer runs are terminated."""
TERMINATE_SECONDS: Final = 5.0
UNDER_WAY: Final = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)


def process_tag() -> dict[str, str]:
    """Returns a tag that names this process."""
    return {PROCESS_TAG: str(Process.current())}


class LocalRunLauncher(dg.DefaultRunLauncher):
    """Dagster's launcher of local processes, which by itself leaves runs behind when the daemon stops."""

    def dispose(self) -> None:
        """Waits for the runs that this process launched, then terminates them; they end as CANCELED."""
        if self._wait_for_runs(END_SECONDS):
            return
        for run_id in self._runs_under_way():
            self._instance.add_run_tags(run_id, {STOPPED_TAG: "true"})
            self.terminate(run_id)  # type: ignore[no-untyped-call]
        self._wait_for_runs(TERMINATE_SECONDS)

    def _wait_for_runs(self, seconds: float) -> bool:
        """Returns whether all runs ended in time."""
        deadline = time.monotonic() + seconds
        while self._runs_under_way():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def _runs_under_way(self) -> list[str]:
        if not self._run_ids:  # not the daemon; its storage may be closed already
            return []
        runs = self._instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY))
        return [run.run_id for run in runs if run.run_id in self._run_ids]

    @property
    def supports_check_run_worker_health(self) -> bool:
        """True, so that run monitoring checks every run under way."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Fails a run whose process was on this machine and has ended.

        A run of another machine, even of the same host name, is left to its `dagster/max_runtime`.
        """
        process = Process.parse(run.tags.get(PROCESS_TAG, ""))
        if process is None or not process.has_ended():
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"process {process.pid} of this run died on {process.host}")
