"""Sensors: re-request unfinished dates, alert on failed runs."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

import dagster as dg
import httpx

from pipelines.assets import ncaa_games
from pipelines.errors import AlertError
from pipelines.repairs import PARTITION_TAG, RANGE_TAGS, REASON_TAG, REPAIR_DAYS, date_history, repair_reason
from pipelines.runtime.failures import failure_reasons
from pipelines.schedules import REPAIR_TAGS, ncaa_ingestion
from pipelines.seasons import eastern_date
from pipelines.settings import Settings

ALERT_TIMEOUT: Final = 10.0
"""Seconds for each of connecting, sending and receiving; Dagster ends a sensor's evaluation after 60 seconds."""


@dg.sensor(
    job=ncaa_ingestion,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests dates of the last week again that failed, were missed or are not settled; on the first "
    "start, today.",
)
def ncaa_repairs(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    requests = list(repairs(context.instance, dt.datetime.now(dt.UTC)))
    yield from requests
    if not requests:
        yield dg.SkipReason("Today was requested, and no date of the last week is due.")


def repairs(instance: dg.DagsterInstance, now: dt.datetime) -> Iterator[dg.RunRequest]:
    """Yields the dates due at an aware moment, newest first."""
    today = eastern_date(now)
    history = date_history(instance, ncaa_games.key, today)
    if history.loaded_at is None and history.last_run_at is None:
        yield _request(today, "first start")
    for days_ago in range(1, REPAIR_DAYS + 1):
        game_date = today - dt.timedelta(days=days_ago)
        reason = repair_reason(game_date, date_history(instance, ncaa_games.key, game_date), now)
        if reason is not None:
            yield _request(game_date, reason)


def _request(game_date: dt.date, reason: str) -> dg.RunRequest:
    return dg.RunRequest(partition_key=game_date.isoformat(), tags={**REPAIR_TAGS, REASON_TAG: reason})


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
