"""Reads Dagster's runs and backfills: which dates they request, and which requests ended without saying so."""

import datetime as dt
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple, Self

import dagster as dg
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus, PartitionBackfill
from dagster._core.storage.dagster_run import RunRecord

from pipelines.partitions import days_between
from pipelines.runtime.history import SCHEDULE_NAME
from pipelines.runtime.run_launcher import STOPPED_TAG
from pipelines.warehouse.requested_dates import CANCELED, REPAIR, SCHEDULE

ASSET: Final = dg.AssetKey("ncaa_games")
JOB: Final = "ncaa_ingestion"
DETAILS_ASSET: Final = dg.AssetKey("ncaa_game_details")
DETAILS_JOB: Final = "ncaa_details"
AUDIT_JOB: Final = "ncaa_audit"
REPAIR_SENSOR: Final = "ncaa_repairs"
REASON_TAG: Final = "gamepulse/reason"
REPLAY_TAG: Final = "replay"
"""Tag of runs that load from the archive."""
TICK_REASON: Final = "today"
"""Reason of the schedule's requests of today."""
PARTITION_TAG: Final = "dagster/partition"
RANGE_TAGS: Final = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
QUEUED: Final = (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED)
UNDER_WAY: Final = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
MAX_RUNTIME_TAG: Final = "dagster/max_runtime"
BACKFILL_TAG: Final = "dagster/backfill"
_STOPPED: Final = {
    BulkActionStatus.CANCELING,
    BulkActionStatus.CANCELED,
    BulkActionStatus.FAILING,
    BulkActionStatus.FAILED,
}
_HISTORY: Final = dt.timedelta(days=1)
_OVERLAP: Final = dt.timedelta(minutes=2)


class Request(NamedTuple):
    """Dates of a backfill or a run, whose runs may never have recorded that they requested them, or failed."""

    dates: Sequence[dt.date]
    requested_by: str
    requested_at: dt.datetime
    ended_at: dt.datetime | None = None
    reason: str | None = None
    """Why dates that are not loaded never will be by this request; None while it is under way."""


class RequestCursor(NamedTuple):
    """Moments from which backfills and ended runs are read; None before the first time."""

    backfills: dt.datetime | None = None
    runs: dt.datetime | None = None

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Returns the cursor that was written as a string."""
        moments = [dt.datetime.fromisoformat(moment) for moment in (text or "").split()]
        return cls(*moments)

    def __str__(self) -> str:
        return " ".join(moment.isoformat() for moment in self if moment is not None)


def run_dates(tags: Mapping[str, str]) -> list[dt.date]:
    """Returns the game dates of a run, from its tags."""
    if PARTITION_TAG in tags:
        return [dt.date.fromisoformat(tags[PARTITION_TAG])]
    if not all(tag in tags for tag in RANGE_TAGS):
        return []
    first, last = (dt.date.fromisoformat(tags[tag]) for tag in RANGE_TAGS)
    return days_between(first, last)


def loads_games(run: dg.DagsterRun) -> bool:
    """Returns whether a run loads game dates: other assets have the same partitions."""
    return run.job_name == JOB or ASSET in (run.asset_selection or ())


def max_runtime(dates: int, requests_per_second: float, *, of_details: bool = False) -> int:
    """Returns the seconds within which a run of so many dates ends, unless it hangs.

    Per date two seconds of work, and permits for eight requests: four attempts while another process uses half of the
    limit. The details of a date's games are up to two hundred requests each time, and let all others pass.
    """
    return 300 + math.ceil(dates * (2 + (800 if of_details else 8) / requests_per_second))


def requester(run: dg.DagsterRun) -> str:
    """Returns what requested the run: `schedule`, `repair`, `backfill …` or `run …`."""
    if "dagster/schedule_name" in run.tags:
        return SCHEDULE
    if run.tags.get("dagster/sensor_name") == REPAIR_SENSOR:
        return REPAIR
    backfill_id = run.tags.get(BACKFILL_TAG)
    return f"backfill {backfill_id}" if backfill_id is not None else f"run {run.run_id}"


def is_queued(instance: dg.DagsterInstance, partition_key: str) -> bool:
    """Returns whether a run that loads the games of the partition is queued already."""
    runs = instance.get_runs(dg.RunsFilter(tags={PARTITION_TAG: partition_key}, statuses=[*QUEUED]))
    return any(map(loads_games, runs))


def newest_successful_tick(instance: dg.DagsterInstance) -> dg.DagsterRun | None:
    """Returns the newest run of the schedule that loaded today."""
    ticks = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.SUCCESS], tags={"dagster/schedule_name": SCHEDULE_NAME, REASON_TAG: TICK_REASON}
    )
    return next(iter(instance.get_runs(ticks, limit=1)), None)


def unfinished_dates(instance: dg.DagsterInstance, dates: Collection[dt.date]) -> set[dt.date]:
    """Returns those of the dates that have a run under way, or a run of their own in the queue."""
    if not dates:
        return set()
    keys = [date.isoformat() for date in dates]
    runs = [
        *instance.get_runs(dg.RunsFilter(statuses=[*UNDER_WAY])),
        *instance.get_runs(dg.RunsFilter(statuses=[*QUEUED], tags={PARTITION_TAG: keys})),
    ]
    return {date for run in runs if loads_games(run) for date in run_dates(run.tags)} & set(dates)


def has_run_since(instance: dg.DagsterInstance, job: str, since: dt.datetime) -> bool:
    """Returns whether a run of the job was created after an aware moment, and did not fail."""
    statuses = [*QUEUED, *UNDER_WAY, dg.DagsterRunStatus.SUCCESS]
    return instance.get_runs_count(dg.RunsFilter(job_name=job, statuses=statuses, created_after=since)) > 0


def is_backfill_under_way(instance: dg.DagsterInstance) -> bool:
    """Returns whether runs of a backfill occupy slots of the queue."""
    runs = instance.get_runs(dg.RunsFilter(statuses=[*UNDER_WAY]))
    return any(BACKFILL_TAG in run.tags for run in runs)


def unfinished_repairs(instance: dg.DagsterInstance) -> int:
    """Returns the number of repairs that are queued or under way."""
    tags = {"dagster/sensor_name": REPAIR_SENSOR}
    return instance.get_runs_count(dg.RunsFilter(tags=tags, statuses=[*QUEUED, *UNDER_WAY]))


def newest_materialization(instance: dg.DagsterInstance, asset_key: dg.AssetKey) -> int:
    """Returns the storage id of an asset's newest materialization; 0 when it has none."""
    records = instance.fetch_materializations(asset_key, limit=1).records
    return records[0].storage_id if records else 0


def lost_requests(
    instance: dg.DagsterInstance, cursor: RequestCursor, now: dt.datetime
) -> tuple[list[Request], RequestCursor]:
    """Returns the backfills under way or created since, the runs that failed or were canceled since, and a new cursor.

    Runs are read for the last day at most.
    """
    backfills = instance.get_backfills(filters=BulkActionsFilter(created_after=cursor.backfills))
    requests = [request for backfill in backfills if (request := _backfill_request(backfill, now)) is not None]
    oldest = min((request.requested_at for request in requests if request.ended_at is None), default=now)
    since = max(cursor.runs or now - _HISTORY, now - _HISTORY)
    ended = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    records = instance.get_run_records(dg.RunsFilter(job_name=JOB, statuses=ended, updated_after=since))
    stopped = _stopped_backfills(instance, records)
    for record in records:
        run = record.dagster_run
        if REPLAY_TAG in run.tags:  # it requested nothing of the API
            continue
        if run.status == dg.DagsterRunStatus.FAILURE or run.tags.get(BACKFILL_TAG) not in stopped:
            requests.append(_run_request(record))
    # Creation times may be rounded, and the clocks of other hosts differ.
    return requests, RequestCursor(min(oldest, now) - dt.timedelta(seconds=1), now - _OVERLAP)


def _stopped_backfills(instance: dg.DagsterInstance, records: Collection[RunRecord]) -> set[str]:
    """Returns the backfills of canceled runs that were canceled or failed with all their runs."""
    canceled = (record.dagster_run for record in records if record.dagster_run.status == dg.DagsterRunStatus.CANCELED)
    ids = {run.tags[BACKFILL_TAG] for run in canceled if BACKFILL_TAG in run.tags}
    backfills = [instance.get_backfill(backfill_id) for backfill_id in ids]
    return {backfill.backfill_id for backfill in backfills if backfill is not None and backfill.status in _STOPPED}


def _run_request(record: RunRecord) -> Request:
    run = record.dagster_run
    if run.status == dg.DagsterRunStatus.FAILURE:
        reason = f"run {run.run_id} failed before it loaded it"
    elif STOPPED_TAG in run.tags:
        reason = f"run {run.run_id} was stopped with the daemon"
    else:
        reason = f"{CANCELED} with run {run.run_id}"
    return Request(run_dates(run.tags), requester(run), record.create_timestamp, record.update_timestamp, reason)


def _backfill_request(backfill: PartitionBackfill, now: dt.datetime) -> Request | None:
    dates = _backfill_dates(backfill)
    if not dates:
        return None
    name = f"backfill {backfill.backfill_id}"
    requested_at = dt.datetime.fromtimestamp(backfill.backfill_timestamp, dt.UTC)
    if backfill.status in {BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING}:
        return Request(dates, name, requested_at)
    end = backfill.backfill_end_timestamp
    ended_at = dt.datetime.fromtimestamp(end, dt.UTC) if end is not None else now
    canceled = backfill.status == BulkActionStatus.CANCELED
    reason = f"{CANCELED} with {name}" if canceled else f"{name} ended without loading it"
    return Request(dates, name, requested_at, ended_at, reason)


def _backfill_dates(backfill: PartitionBackfill) -> list[dt.date]:
    if backfill.asset_backfill_data is not None:
        target = backfill.asset_backfill_data.target_subset
        keys = target.get_partitions_subset(ASSET).get_partition_keys() if ASSET in target.asset_keys else ()
    else:
        keys = backfill.partition_names or () if backfill.job_name == JOB else ()
    return sorted(dt.date.fromisoformat(key) for key in keys)
