"""Sensors: re-request unfinished dates, check changed tables, alert on failed runs."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

import dagster as dg
import httpx
from sqlalchemy import Connection

from models.tables import table_name
from pipelines.assets.tables import CATALOG
from pipelines.errors import AlertError
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect, ready_database
from pipelines.repairs import MISSED_DAYS, choose_repairs, repair_reason, with_repair
from pipelines.runtime.failures import failure_reasons
from pipelines.runtime.runs import (
    PARTITION_TAG,
    RANGE_TAGS,
    REASON_TAG,
    REPAIR_SENSOR,
    Request,
    RequestCursor,
    has_run_since,
    lost_requests,
    newest_materialization,
    unfinished_dates,
    unfinished_repairs,
)
from pipelines.schedules import REPAIR_TAGS, ncaa_checks, ncaa_ingestion
from pipelines.seasons import eastern_date
from pipelines.settings import Settings
from pipelines.warehouse.requested_dates import (
    DateState,
    read_date_states,
    read_unsettled_dates,
    record_lost,
    request_dates,
    request_repairs,
)

CHECKS_PAUSE: Final = dt.timedelta(minutes=5)
"""Time from one run of the checks to the next after changed rows, since a backfill changes rows every second."""
ALERT_TIMEOUT: Final = 10.0
"""Seconds for each of connecting, sending and receiving; Dagster ends a sensor's evaluation after 60 seconds."""


@dg.sensor(
    name=REPAIR_SENSOR,
    job=ncaa_ingestion,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests past dates again that failed, were missed or are not settled; on the first start, today.",
)
def ncaa_repairs(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    now = dt.datetime.now(dt.UTC)
    with connect(ready_database(Settings())) as connection:
        lost, cursor = lost_requests(context.instance, RequestCursor.parse(context.cursor), now)
        for request in lost:
            _record_request(connection, request)
            connection.commit()  # rows are locked by date, in each transaction anew
        requests = repairs(context.instance, connection, now, lost)
        connection.commit()
    context.update_cursor(str(cursor))
    yield from requests
    if not requests:
        yield dg.SkipReason("Today was requested, and no past date is due.")


def repairs(
    instance: dg.DagsterInstance, connection: Connection, now: dt.datetime, requests: Iterable[Request] = ()
) -> list[dg.RunRequest]:
    """Returns requests for the dates due at an aware moment, and records them.

    Dates that a backfill among `requests` has still to start are left to it.
    """
    sport, today = MENS_BASKETBALL.sport, eastern_date(now)
    due = {
        state: reason
        for state in read_unsettled_dates(connection, sport, today, MISSED_DAYS)
        if (reason := repair_reason(state, MENS_BASKETBALL, now)) is not None
    }
    [state] = read_date_states(connection, sport, [today])
    if state.fetched_at is None and state.last_requested_at is None:
        due[state] = "first start"
    taken = unfinished_dates(instance, [state.game_date for state in due]) | _awaited(due, requests)
    free = [state for state in due if state.game_date not in taken]
    chosen = choose_repairs(free, unfinished_repairs(instance)) if free else []
    requested = request_repairs(connection, sport, [with_repair(state, now) for state in chosen], now)
    return [
        dg.RunRequest(partition_key=state.game_date.isoformat(), tags={**REPAIR_TAGS, REASON_TAG: due[state]})
        for state in chosen
        if state.game_date in requested
    ]


def _record_request(connection: Connection, request: Request) -> None:
    sport = MENS_BASKETBALL.sport
    request_dates(connection, sport, request.dates, request.requested_by, request.requested_at)
    if request.ended_at is not None and request.reason is not None:
        record_lost(connection, sport, request.dates, request.requested_at, request.ended_at, request.reason)


def _awaited(states: Iterable[DateState], requests: Iterable[Request]) -> set[dt.date]:
    """Returns the dates of backfills under way for which no run has started."""
    under_way = [request for request in requests if request.ended_at is None]
    awaited = {(date, request.requested_at) for request in under_way for date in request.dates}
    return {state.game_date for state in states if (state.game_date, state.last_requested_at) in awaited}


@dg.sensor(
    job=ncaa_checks,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests the checks of the tables after changed rows, at most every five minutes.",
)
def ncaa_table_changes(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    newest = max(newest_materialization(context.instance, dg.AssetKey(table_name(model))) for model in CATALOG)
    if newest == int(context.cursor or 0):
        return dg.SkipReason("No row changed.")
    if has_run_since(context.instance, ncaa_checks.name, dt.datetime.now(dt.UTC) - CHECKS_PAUSE):
        return dg.SkipReason("Rows changed, but the checks ran less than five minutes ago.")
    context.update_cursor(str(newest))
    return dg.RunRequest(tags={**REPAIR_TAGS, REASON_TAG: "rows changed"})


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    monitor_all_code_locations=False,
    description="Posts each failed run to ALERT_WEBHOOK_URL (Slack's JSON); off when that is not set.",
)
def failure_alert(context: dg.RunFailureSensorContext) -> None:
    webhook = Settings().alert_webhook_url
    if webhook is None:
        return
    try:
        answer = httpx.post(webhook.get_secret_value(), json={"text": alert_text(context)}, timeout=ALERT_TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise AlertError(f"ALERT_WEBHOOK_URL did not answer ({type(error).__name__}): check the address.") from None
    if not answer.is_success:
        raise AlertError(f"ALERT_WEBHOOK_URL answered {answer.status_code} to an alert: check that it is still valid.")


def alert_text(context: dg.RunFailureSensorContext) -> str:
    """Returns the job, the dates and the reasons of a failed run."""
    run = context.dagster_run
    dates = "…".join(run.tags[name] for name in (PARTITION_TAG, *RANGE_TAGS) if name in run.tags)
    reasons = failure_reasons(context.get_step_failure_events())
    what = f"{run.job_name} failed for {dates}" if dates else f"{run.job_name} failed"
    return "\n".join([f"GamePulse: {what} (run {run.run_id})", *reasons])
