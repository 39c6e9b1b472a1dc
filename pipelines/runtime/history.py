"""Reads Dagster's history for `gamepulse status`: the schedule's ticks, and whether a daemon runs."""

import datetime as dt
from typing import Final, NamedTuple

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorStatus, InstigatorTick, InstigatorType, TickStatus

from pipelines.runtime.instance import open_instance

SCHEDULE: Final = "ncaa_schedule"  # by name: importing the schedule would take longer than everything else
HEARTBEAT_TIMEOUT: Final = dt.timedelta(minutes=2)
"""Age of the last heartbeat from which no daemon runs; a daemon sends one every 30 seconds."""


class ScheduleState(NamedTuple):
    """State of the schedule. Times are aware."""

    last_tick_at: dt.datetime | None
    last_tick: str | None
    """Outcome of the last tick."""
    idle: str | None
    """Why the schedule requests nothing; None when it is on and a daemon runs."""
    last_heartbeat_at: dt.datetime | None = None
    """Last heartbeat of the daemon's scheduler."""


def read_schedule(now: dt.datetime) -> ScheduleState:
    """Reads Dagster's tables, which are created where necessary.

    Raises:
        DatabaseError: the tables cannot be read.
    """
    with open_instance() as instance:
        states = instance.all_instigator_state(instigator_type=InstigatorType.SCHEDULE)
        state = next((state for state in states if state.name == SCHEDULE), None)
        if state is None:
            return ScheduleState(None, None, idle="no daemon has run yet")
        heartbeat_at = _last_heartbeat_at(instance)
        tick = next(iter(instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)), None)
        return ScheduleState(
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


def _outcome(tick: InstigatorTick) -> str:
    if tick.status == TickStatus.SUCCESS:
        return f"requested {', '.join(sorted(tick.run_keys))}"
    if tick.status == TickStatus.SKIPPED:
        return f"skipped: {tick.skip_reason}"
    if tick.status == TickStatus.FAILURE:
        return f"failed: {tick.error.message.strip() if tick.error is not None else 'no reason'}"
    return "under way"
