"""Writes the traces of a daemon into Dagster's tables."""

import datetime as dt

import dagster as dg
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._daemon.types import DaemonHeartbeat
from dagster._utils.error import SerializableErrorInfo

from pipelines.runtime.history import PARTS, SCHEDULE_NAME

SENSOR = "ncaa_repairs"
REPOSITORY = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("pipelines.definitions"), "__repository__")


def beat(instance: dg.DagsterInstance, at: dt.datetime, *parts: str) -> None:
    """Sends heartbeats of parts of the daemon, or of all."""
    for part in parts or PARTS:
        instance.add_daemon_heartbeat(DaemonHeartbeat(at.timestamp(), part, "id", []))


def evaluate(instance: dg.DagsterInstance, at: dt.datetime, *, is_on: bool = True) -> None:
    """Evaluates the sensor."""
    data = SensorInstigatorData(last_tick_start_timestamp=at.timestamp(), min_interval=60)
    _put(instance, SENSOR, InstigatorType.SENSOR, data, is_on)


def tick(
    instance: dg.DagsterInstance,
    at: dt.datetime,
    status: TickStatus = TickStatus.SUCCESS,
    *,
    is_on: bool = True,
    skip_reason: str | None = None,
    error: str = "",
) -> None:
    """Ticks the schedule for today's games."""
    data = ScheduleInstigatorData("*/15 * * * *", start_timestamp=0.0)
    origin = _put(instance, SCHEDULE_NAME, InstigatorType.SCHEDULE, data, is_on)
    instance.create_tick(
        TickData(
            origin.get_id(),
            SCHEDULE_NAME,
            InstigatorType.SCHEDULE,
            status,
            at.timestamp(),
            selector_id=origin.get_selector().get_id(),
            run_ids=["id"] if status == TickStatus.SUCCESS else [],
            run_keys=["2026-01-10"] if status == TickStatus.SUCCESS else [],
            skip_reason=skip_reason,
            error=SerializableErrorInfo(error, [], None) if status == TickStatus.FAILURE else None,
        )
    )


def work(instance: dg.DagsterInstance, at: dt.datetime) -> None:
    """Leaves the traces of a daemon that does all its work."""
    beat(instance, at)
    evaluate(instance, at)
    tick(instance, at)


def _put(
    instance: dg.DagsterInstance,
    name: str,
    kind: InstigatorType,
    data: ScheduleInstigatorData | SensorInstigatorData,
    is_on: bool,
) -> RemoteInstigatorOrigin:
    origin = RemoteInstigatorOrigin(REPOSITORY, name)
    status = InstigatorStatus.DECLARED_IN_CODE if is_on else InstigatorStatus.STOPPED
    state = InstigatorState(origin, kind, status, data)
    stored = instance.get_instigator_state(state.instigator_origin_id, state.selector_id)
    (instance.add_instigator_state if stored is None else instance.update_instigator_state)(state)
    return origin
