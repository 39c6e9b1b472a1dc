"""Failed runs, their reasons, and findings about loaded dates, read from Dagster's events."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import dagster as dg
from dagster._core.events import JobFailureData

from pipelines.errors import DatabaseError, GamePulseError, NcaaApiError
from pipelines.health.alerts import DIED, Failure
from pipelines.runtime.runs import ASSET, JOB, run_dates

FAILED_DATES: Final = "failed_dates"
"""Metadata of a `dg.Failure`: a JSON object of game dates and reasons."""
FINDINGS: Final = "findings"
"""Metadata of a materialization: what is wrong with the loaded date, one finding per line."""


FAILED_KINDS: Final = "failed_kinds"
"""The same with the kind of each failure."""
FAILED_RUNS_AT_ONCE: Final = 50
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def failed_dates_metadata(errors: Mapping[dt.date, GamePulseError]) -> dict[str, dg.MetadataValue]:
    """Returns metadata for a `dg.Failure` that `failed_dates` and `read_failed_runs` read."""
    dates = sorted(errors)
    return {
        FAILED_DATES: dg.MetadataValue.json({date.isoformat(): str(errors[date]) for date in dates}),
        FAILED_KINDS: dg.MetadataValue.json({date.isoformat(): kind_of(errors[date]) for date in dates}),
    }


def kind_of(error: GamePulseError) -> str:
    """Returns what is to blame: the database, the API, or else the class of the error."""
    if isinstance(error, DatabaseError):
        return "database"
    return "NCAA API" if isinstance(error, NcaaApiError) and error.retryable else type(error).__name__


def failed_dates(failures: Iterable[dg.DagsterEvent]) -> dict[dt.date, str]:
    """Returns the reason of each game date that failed in these step or run failures."""
    reasons = _metadata(failures, FAILED_DATES)
    return {dt.date.fromisoformat(date): reason for date, reason in reasons.items()}


def _metadata(failures: Iterable[dg.DagsterEvent], name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for event in failures:
        failure = event.step_failure_data.user_failure_data if event.is_step_failure else None
        value = failure.metadata.get(name) if failure is not None else None
        if isinstance(value, dg.JsonMetadataValue) and isinstance(value.data, Mapping):
            found |= {date: str(text) for date, text in value.data.items()}
    return found


def findings_metadata(findings: Sequence[str]) -> dict[str, dg.MetadataValue]:
    """Returns metadata for a materialization that `findings_of` reads."""
    return {FINDINGS: dg.MetadataValue.text("\n".join(findings))} if findings else {}


def findings_of(materialization: dg.AssetMaterialization) -> list[str]:
    """Returns the findings about the date of a materialization."""
    value = materialization.metadata.get(FINDINGS)
    return (value.text or "").splitlines() if isinstance(value, dg.TextMetadataValue) else []


def failure_reasons(failures: Iterable[dg.DagsterEvent]) -> list[str]:
    """Returns a sentence per failed step or run: the description of a `dg.Failure`, else the message of the error."""
    return [reason for event in failures if (reason := _reason(event))]


class FailedRun(NamedTuple):
    """A failed run, and the event of its failure."""

    run: dg.DagsterRun
    event_id: int
    failures: Sequence[Failure]
    """One per kind."""


def newest_failed_run(instance: dg.DagsterInstance) -> int:
    """Returns the event of the newest failed run; 0 when none has failed."""
    records = instance.fetch_run_status_changes(dg.DagsterEventType.RUN_FAILURE, limit=1).records
    return records[0].storage_id if records else 0


def read_failed_runs(instance: dg.DagsterInstance, after: int) -> list[FailedRun]:
    """Returns the runs that failed after an event, oldest first; at most `FAILED_RUNS_AT_ONCE`."""
    later = dg.RunStatusChangeRecordsFilter(dg.DagsterEventType.RUN_FAILURE, after_storage_id=after)
    records = instance.fetch_run_status_changes(later, limit=FAILED_RUNS_AT_ONCE, ascending=True).records
    found = []
    for record in records:
        run = instance.get_run_by_id(record.run_id)
        if run is not None:
            found.append(FailedRun(run, record.storage_id, _failures(instance, run, record.storage_id)))
    return found


def _failures(instance: dg.DagsterInstance, run: dg.DagsterRun, event_id: int) -> list[Failure]:
    types = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    records = instance.get_records_for_run(run.run_id, of_type=types).records
    events = [event for record in records if (event := record.event_log_entry.dagster_event) is not None]
    steps = [event for event in events if event.is_step_failure]
    reasons, kinds = _metadata(steps, FAILED_DATES), _metadata(steps, FAILED_KINDS)
    if kinds and run.job_name == JOB:
        by_kind = {kind: [date for date in kinds if kinds[date] == kind] for kind in kinds.values()}
        return [
            Failure(
                kind,
                run.job_name,
                frozenset(dates),
                tuple(f"{date}: {reasons[date]}" for date in dates),
                event_id,
                run.run_id,
            )
            for kind, dates in by_kind.items()
        ]
    kind = next(iter(kinds.values()), _error_class(steps))
    loaded = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records
    partitions = {record.partition_key for record in loaded}
    missing = frozenset(date.isoformat() for date in run_dates(run.tags)) - partitions
    return [Failure(kind, run.job_name, missing, tuple(failure_reasons(steps or events)), event_id, run.run_id)]


def _error_class(steps: Sequence[dg.DagsterEvent]) -> str:
    for event in steps:
        error = event.step_failure_data.error
        if error is not None:
            return (error.cause or error).cls_name or DIED
    return DIED


def was_loaded_between(instance: dg.DagsterInstance, after: int, before: int) -> bool:
    """Returns whether any date was loaded between two events."""
    between = dg.AssetRecordsFilter(ASSET, after_storage_id=after, before_storage_id=before)
    return bool(instance.fetch_materializations(between, limit=1).records)


def succeeded_since(instance: dg.DagsterInstance, waiting: Mapping[str, int]) -> list[str]:
    """Returns the dates that were loaded, and the jobs that succeeded, after the event given for each."""
    dates = {member for member in waiting if _DATE.fullmatch(member)}
    loaded = instance.event_log_storage.get_latest_storage_id_by_partition(
        ASSET, dg.DagsterEventType.ASSET_MATERIALIZATION, dates
    )
    return [
        member
        for member, event_id in waiting.items()
        if (loaded.get(member, 0) > event_id if member in dates else _has_succeeded(instance, member, event_id))
    ]


def _has_succeeded(instance: dg.DagsterInstance, job: str, after: int) -> bool:
    successes = dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.SUCCESS])
    return any(
        record.storage_id > after
        for run in instance.get_runs(successes, limit=1)
        for record in instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_SUCCESS).records
    )


def _reason(event: dg.DagsterEvent) -> str:
    if not event.is_step_failure:
        failure = event.event_specific_data  # none where Dagster found the process dead
        error = failure.error if isinstance(failure, JobFailureData) else None
        return (error.cause or error).message.strip() if error is not None else event.message or ""
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description.strip()
    return (data.error.cause or data.error).message.strip() if data.error is not None else ""
