"""Runs dates of an asset as one Dagster run per range in this process: `gamepulse backfill`."""

import datetime as dt
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import NamedTuple

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.events import RunFailureReason
from dagster._core.execution.api import execute_run_iterator
from dagster._core.execution.plan.objects import ErrorSource
from dagster._core.utils import make_new_run_id

from pipelines.definitions import defs
from pipelines.partitions import ranges_of
from pipelines.runtime.failures import failed_dates, failure_reasons, findings_of
from pipelines.runtime.instance import open_instance
from pipelines.runtime.runs import JOB, RANGE_TAGS

# The screen shows the dates and the run's page has every event; Dagster would print hundreds of lines.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Backfill(NamedTuple):
    """Result of a backfill."""

    run_ids: Sequence[str]
    """One per range of dates without a gap."""
    dates: int
    loaded: set[dt.date]
    stale: set[dt.date]
    """Loaded dates that kept an earlier answer, because this one was older."""
    findings: Mapping[dt.date, Sequence[str]]
    """What is wrong with loaded dates."""
    failed: Mapping[dt.date, str]
    """Reasons of the dates that could not be loaded."""
    error: str | None
    """Why the run failed, if no single date was the reason."""
    interrupted: bool
    games: int
    """Games of the loaded dates."""

    @property
    def run_id(self) -> str:
        """The ids of the runs, separated by commas."""
        return ", ".join(self.run_ids)

    def to_json(self) -> dict[str, object]:
        """What `--json` prints."""
        failed = {date.isoformat(): reason for date, reason in self.failed.items()}
        return {
            "run_id": self.run_id,
            "dates": self.dates,
            "dates_loaded": len(self.loaded),
            "games": self.games,
            "stale": sorted(date.isoformat() for date in self.stale),
            "findings": {date.isoformat(): self.findings[date] for date in sorted(self.findings)},
            "failed": failed,
            "error": self.error,
        }


def backfill(
    dates: Sequence[dt.date],
    watch: Callable[[dg.DagsterEvent], None],
    tags: Mapping[str, str] = MappingProxyType({}),
    job: str = JOB,
) -> Backfill:
    """Materializes dates, in one run per range without a gap, and records each in Dagster as soon as it is loaded.

    `watch` is called with each event of the run, which gets `tags` as well. Ctrl-C, SIGTERM and SIGHUP act like
    *Terminate* in the UI: the run is canceled, and every date is either loaded completely or not at all.

    Raises:
        DatabaseError: Dagster's own tables cannot be used.
    """
    run_ids: list[str] = []
    loaded: set[dt.date] = set()
    stale: set[dt.date] = set()
    findings: dict[dt.date, list[str]] = {}
    failures: list[dg.DagsterEvent] = []
    interrupted = False
    games = 0

    def record(entry: dg.EventLogEntry) -> None:
        nonlocal games
        if (event := entry.dagster_event) is None:
            return
        watch(event)
        if event.is_step_materialization and event.partition is not None:
            date = dt.date.fromisoformat(event.partition)
            materialization = event.step_materialization_data.materialization
            loaded.add(date)
            if (processed := materialization.metadata.get("games_processed")) is not None:
                games += int(str(processed.value))
            is_stale = materialization.metadata.get("is_stale")
            if is_stale is not None and is_stale.value:
                stale.add(date)
            if found := findings_of(materialization):
                findings[date] = found

    with open_instance() as instance, _hang_up_interrupts():
        try:
            for dates_of_run in ranges_of(dates):
                if interrupted:
                    break
                run_ids.append(make_new_run_id())
                # As they are written: the run's iterator has those of a step when it ends, and not when it fails.
                instance.add_event_listener(run_ids[-1], record)
                for event in _execute(instance, run_ids[-1], dates_of_run, tags, job):
                    if _is_interrupt(event):
                        interrupted = True
                        _cancel(instance, run_ids[-1])
                    elif event.is_step_failure or event.is_run_failure:
                        failures.append(event)
        except KeyboardInterrupt:  # outside of the run's steps
            interrupted = True
            _cancel(instance, run_ids[-1])
    failed = failed_dates(failures)
    error = None if failed else "\n".join(failure_reasons(failures)) or None
    return Backfill(run_ids, len(dates), loaded, stale, findings, failed, error, interrupted, games)


@contextmanager
def _hang_up_interrupts() -> Iterator[None]:
    before = signal.getsignal(signal.SIGHUP)
    if before == signal.SIG_DFL:  # ignored under nohup
        signal.signal(signal.SIGHUP, lambda signum, frame: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _execute(
    instance: dg.DagsterInstance, run_id: str, dates: Sequence[dt.date], tags: Mapping[str, str], job_name: str
) -> Iterator[dg.DagsterEvent]:
    job = defs.resolve_job_def(job_name)
    run_tags = {
        **job.run_tags,
        **tags,
        **dict(zip(RANGE_TAGS, (dates[0].isoformat(), dates[-1].isoformat()), strict=True)),
        "dagster/max_retries": "0",  # the user at the terminal decides, not the daemon
    }
    run = instance.create_run_for_job(job_def=job, run_id=run_id, run_config=_QUIET, tags=run_tags)
    yield from execute_run_iterator(InMemoryJob(job), run, instance)


def _is_interrupt(event: dg.DagsterEvent) -> bool:
    if event.is_step_failure:
        return event.step_failure_data.error_source == ErrorSource.INTERRUPT
    # Between two attempts there is no step to fail.
    return event.is_run_failure and event.job_failure_data.failure_reason == RunFailureReason.UNEXPECTED_TERMINATION


def _cancel(instance: dg.DagsterInstance, run_id: str) -> None:
    """Marks the run as canceled: Dagster treats an interrupt that the UI did not request as a failure, and alerts."""
    run = instance.get_run_by_id(run_id)
    if run is None:
        return
    if run.status == dg.DagsterRunStatus.STARTED:
        instance.report_run_canceling(run, "Interrupted on the command line.")
    else:
        instance.report_run_canceled(run, "Interrupted on the command line.")
