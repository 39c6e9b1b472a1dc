"""What Dagster knows that the tables do not: which dates failed and why, the schedule's ticks, whether it runs."""

import datetime as dt
from typing import Final, NamedTuple

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorStatus, InstigatorTick, InstigatorType, TickStatus

from pipelines.runtime.failures import failed_dates
from pipelines.runtime.instance import open_instance

ASSET: Final = dg.AssetKey("ncaa_games")  # by name, since importing the asset would take longer than all the rest
SCHEDULE: Final = "ncaa_schedule"
HEARTBEAT_TIMEOUT: Final = dt.timedelta(minutes=2)
"""Age of the last heartbeat from which no daemon runs; a daemon sends one every 30 seconds."""
EXPLAINED_RUNS: Final = 10


class Orchestration(NamedTuple):
    """Times are aware."""

    failed: dict[dt.date, str | None]
    """Dates whose last run failed, and the reasons of those that failed last."""
    last_tick_at: dt.datetime | None
    last_tick: str | None
    """What became of it."""
    idle: str | None
    """Why no tick comes by itself; None when the schedule and a daemon run."""
    last_heartbeat_at: dt.datetime | None = None
    """When the daemon's scheduler was last heard of."""


def read_orchestration(now: dt.datetime) -> Orchestration:
    """From Dagster's own tables, which are made where they are not there yet.

    Raises:
        DatabaseError: they cannot be read.
    """
    with open_instance() as instance:
        failed = _failed(instance)
        states = instance.all_instigator_state(instigator_type=InstigatorType.SCHEDULE)
        state = next((state for state in states if state.name == SCHEDULE), None)
        if state is None:
            return Orchestration(failed, None, None, idle="no daemon has run yet")
        heartbeat_at = _last_heartbeat_at(instance)
        tick = next(iter(instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)), None)
        return Orchestration(
            failed,
            dt.datetime.fromtimestamp(tick.timestamp, dt.UTC) if tick is not None else None,
            _outcome(tick) if tick is not None else None,
            idle=idle_reason(state.status, heartbeat_at, now),
            last_heartbeat_at=heartbeat_at,
        )


def _last_heartbeat_at(instance: dg.DagsterInstance) -> dt.datetime | None:
    heartbeat = instance.get_daemon_heartbeats().get("SCHEDULER")
    return dt.datetime.fromtimestamp(heartbeat.timestamp, dt.UTC) if heartbeat is not None else None


def idle_reason(schedule: InstigatorStatus, heartbeat_at: dt.datetime | None, now: dt.datetime) -> str | None:
    """Returns why the schedule requests nothing, or None when it is on and a daemon runs."""
    if schedule == InstigatorStatus.STOPPED:
        return "the schedule is turned off"
    if heartbeat_at is None:
        return "no daemon has run yet"
    return "no daemon is running" if now - heartbeat_at > HEARTBEAT_TIMEOUT else None


def _failed(instance: dg.DagsterInstance) -> dict[dt.date, str | None]:
    storage = instance.event_log_storage
    attempts = storage.get_latest_asset_partition_materialization_attempts_without_materializations(ASSET)
    if not attempts:  # no filter is made of no runs
        return {}
    runs = instance.get_runs(
        dg.RunsFilter(run_ids=list({run_id for run_id, _ in attempts.values()}), statuses=[dg.DagsterRunStatus.FAILURE])
    )
    reasons = {run.run_id: _reasons(instance, run.run_id) for run in runs[:EXPLAINED_RUNS]}
    failed_runs = {run.run_id for run in runs}
    failed = {dt.date.fromisoformat(key): run_id for key, (run_id, _) in attempts.items() if run_id in failed_runs}
    return {date: reasons.get(run_id, {}).get(date) for date, run_id in sorted(failed.items())}


def _reasons(instance: dg.DagsterInstance, run_id: str) -> dict[dt.date, str]:
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    return failed_dates(record.event_log_entry.get_dagster_event() for record in records)


def _outcome(tick: InstigatorTick) -> str:
    if tick.status == TickStatus.SUCCESS:
        return f"asked for {', '.join(sorted(tick.run_keys))}"
    if tick.status == TickStatus.SKIPPED:
        return f"skipped: {tick.skip_reason}"
    if tick.status == TickStatus.FAILURE:
        return f"failed: {tick.error.message.strip() if tick.error is not None else 'no reason'}"
    return "under way"
