"""Sensors: re-request unfinished dates, check changed tables, alert on failed runs."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

import dagster as dg
import httpx
from sqlalchemy import Connection

from models.tables import table_name
from pipelines.assets.tables import CATALOG
from pipelines.errors import AlertError
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect, ready_database
from pipelines.repairs import MISSED_DAYS, repair_reason
from pipelines.runtime.failures import failure_reasons
from pipelines.runtime.runs import (
    PARTITION_TAG,
    RANGE_TAGS,
    REASON_TAG,
    REPAIR_SENSOR,
    newest_materialization,
    unfinished_dates,
    unfinished_repairs,
    unstarted_requests,
)
from pipelines.schedules import REPAIR_TAGS, ncaa_checks, ncaa_ingestion
from pipelines.seasons import eastern_date
from pipelines.settings import Settings
from pipelines.warehouse.requested_dates import (
    ensure_requested,
    read_date_states,
    read_unsettled_dates,
    request_dates,
)

REPAIRS_AT_ONCE: Final = 20
"""Repairs queued or under way at most, so that thousands of dates do not fill the queue."""
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
        since = dt.datetime.fromisoformat(context.cursor) if context.cursor else None
        unstarted, next_since = unstarted_requests(context.instance, since, now)
        for request in unstarted:
            ensure_requested(connection, MENS_BASKETBALL.sport, *request)
        connection.commit()  # rows are locked by date, in each transaction anew
        requests = repairs(context.instance, connection, now)
        connection.commit()
    context.update_cursor(next_since.isoformat())
    yield from requests
    if not requests:
        yield dg.SkipReason("Today was requested, and no past date is due.")


def repairs(instance: dg.DagsterInstance, connection: Connection, now: dt.datetime) -> list[dg.RunRequest]:
    """Returns requests for the dates due at an aware moment, newest first, and records them."""
    today = eastern_date(now)
    [state] = read_date_states(connection, MENS_BASKETBALL.sport, [today])
    due = {today: "first start"} if state.fetched_at is None and state.last_requested_at is None else {}
    for state in read_unsettled_dates(connection, MENS_BASKETBALL.sport, today, MISSED_DAYS):
        reason = repair_reason(state, MENS_BASKETBALL, now)
        if reason is not None:
            due[state.game_date] = reason
    room = REPAIRS_AT_ONCE - unfinished_repairs(instance) if due else 0
    requested = sorted(due.keys() - unfinished_dates(instance, due), reverse=True)[: max(0, room)]
    request_dates(connection, MENS_BASKETBALL.sport, requested, "repair", now)
    return [
        dg.RunRequest(partition_key=date.isoformat(), tags={**REPAIR_TAGS, REASON_TAG: due[date]}) for date in requested
    ]


@dg.sensor(
    job=ncaa_checks,
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests the checks of the tables within five minutes of changed rows.",
)
def ncaa_table_changes(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    newest = max(newest_materialization(context.instance, dg.AssetKey(table_name(model))) for model in CATALOG)
    if newest == int(context.cursor or 0):
        return dg.SkipReason("No row changed.")
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
