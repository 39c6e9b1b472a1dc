"""Launches runs as local processes, stops them with the daemon, and detects runs whose process died."""

import logging
import os
import signal
import threading
import time
from collections.abc import Sequence
from typing import Final

import dagster as dg
from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster._serdes import serialize_value
from dagster._serdes.config_class import ConfigurableClassData
from dagster._utils import get_run_crash_explanation
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import DBAPIError

from pipelines.errors import GamePulseError
from pipelines.runtime.processes import Process
from pipelines.runtime.warm_runs import ColdStartNeededError, Ended, Start, WarmRuns

PROCESS_TAG: Final = ".dagster/gamepulse_process"
"""The UI hides tags with this prefix."""
STOPPED_TAG: Final = ".dagster/gamepulse_stopped"
"""On runs that were terminated because the daemon stopped, and not by a person."""
CANCELING_SECONDS: Final = 1.0
"""Between two looks for runs to be terminated."""
END_SECONDS: Final = 1.0
"""Most dates under way finish within this time after the daemon is stopped; longer runs are terminated."""
TERMINATE_SECONDS: Final = 5.0
UNDER_WAY: Final = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
_STORAGE_ERRORS: Final = (DBAPIError, DagsterPostgresException, GamePulseError)
_log = logging.getLogger(__name__)


def process_tag() -> dict[str, str]:
    """Returns a tag that names this process."""
    return {PROCESS_TAG: str(Process.current())}


class LocalRunLauncher(dg.DefaultRunLauncher):
    """Starts runs from a process that has their code loaded, and terminates them by signals.

    Dagster's launcher of local processes starts an interpreter per run and leaves runs behind when the daemon stops. It
    terminates a run by gRPC, which does not reach from the webserver's container to the daemon's. Here the status
    CANCELING is the message: the process that launches or monitors runs, which is the daemon, looks for it.
    """

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(inst_data)
        self._warm_runs = WarmRuns(on_end=self._note_end)
        self._watch: threading.Thread | None = None
        self._closing = threading.Event()
        self._interrupted: set[str] = set()
        self._lock = threading.Lock()

    def launch_run(self, context: LaunchRunContext) -> None:
        """Starts a run in a process that has the code loaded, or else in a new interpreter."""
        run = context.dagster_run
        self._run_ids.add(run.run_id)
        self._watch_canceling()
        try:
            self._warm_runs.start(Start(run.run_id, serialize_value(self._instance.get_ref()), dict(os.environ)))
        except ColdStartNeededError as reason:
            self._instance.report_engine_event(f"Starting a new interpreter: {reason}.", run, cls=type(self))
            super().launch_run(context)

    def terminate(self, run_id: str) -> bool:
        """Cancels a run; returns whether it was under way."""
        run = self._instance.get_run_by_id(run_id) if self.has_instance else None
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        if self._watch is not None:  # at once, as run monitoring gives it another status afterwards
            self._interrupt(run)
        return True

    def dispose(self) -> None:
        """Waits for the runs that this process launched, then terminates them; they end as CANCELED."""
        if not self._wait_for_runs(END_SECONDS):
            for run_id in self._runs_under_way():
                self._instance.add_run_tags(run_id, {STOPPED_TAG: "true"})
                self.terminate(run_id)
            self._wait_for_runs(TERMINATE_SECONDS)
        self._closing.set()
        self._warm_runs.close()

    def _wait_for_runs(self, seconds: float) -> bool:
        """Returns whether all runs ended in time."""
        deadline = time.monotonic() + seconds
        while self._runs_under_way():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def _runs_under_way(self) -> list[str]:
        # Where nothing was launched, this is not the daemon, and its storage may be closed already.
        return [run.run_id for run in self._launched_runs() if run.status in UNDER_WAY]

    @property
    def supports_check_run_worker_health(self) -> bool:
        """True, so that run monitoring checks every run under way."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Fails a run whose process was on this machine and has ended.

        A run of another machine, even of the same host name, is left to its `dagster/max_runtime`.
        """
        self._watch_canceling()
        process = _process_of(run)
        if process is None or not process.has_ended():
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"process {process.pid} of this run died on {process.host}")

    def get_run_worker_debug_info(self, run: dg.DagsterRun, include_container_logs: bool | None = True) -> None:
        """Kills the process of a run that run monitoring is about to give up, because it did not end in time."""
        process = _process_of(run)
        if process is not None:
            process.send(signal.SIGKILL)

    def _watch_canceling(self) -> None:
        """From now on interrupts each run on this machine that is to be canceled, also one of an earlier daemon."""
        if self._watch is None and self.has_instance:
            self._watch = threading.Thread(target=self._interrupt_canceling, name="canceling-runs", daemon=True)
            self._watch.start()

    def _interrupt_canceling(self) -> None:
        while not self._closing.wait(CANCELING_SECONDS):
            try:
                canceling = self._instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.CANCELING]))
                launched = self._launched_runs()
            except _STORAGE_ERRORS as error:
                _log.warning("could not look for runs to be canceled: %s", error)
                continue
            for run in (*canceling, *launched):
                # A forced termination makes it CANCELED at once.
                if run.status in (dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED):
                    self._interrupt(run)
                process = _process_of(run)
                if run.is_finished and (process is None or process.has_ended()):
                    self._run_ids.discard(run.run_id)

    def _launched_runs(self) -> Sequence[dg.DagsterRun]:
        """Returns the runs that this process launched and whose processes may still run."""
        return self._instance.get_runs(dg.RunsFilter(run_ids=[*self._run_ids])) if self._run_ids else []

    def _interrupt(self, run: dg.DagsterRun) -> None:
        """Sends SIGINT to the run's process, once: a second one would interrupt the report of its end."""
        process = _process_of(run)
        with self._lock:
            if process is not None and run.run_id not in self._interrupted:
                self._interrupted.add(run.run_id)
                process.send(signal.SIGINT)

    def _note_end(self, ended: Ended) -> None:
        """Fails a run whose process ended without an end of the run, as Dagster's code server does."""
        try:
            run = self._instance.get_run_by_id(ended.run_id) if ended.exit_code else None
            if run is not None and not run.is_finished:
                explanation = get_run_crash_explanation(f"Process of run {run.run_id}", ended.exit_code)
                self._instance.report_engine_event(explanation, run, cls=type(self))
                self._instance.report_run_failed(run)
        except _STORAGE_ERRORS as error:  # run monitoring finds it
            _log.warning("could not record the end of run %s: %s", ended.run_id, error)


def _process_of(run: dg.DagsterRun) -> Process | None:
    return Process.parse(run.tags.get(PROCESS_TAG, ""))
