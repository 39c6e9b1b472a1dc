"""Sensors: re-request unfinished dates, check changed tables, alert on failures, report successful ticks."""

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

import dagster as dg
from pydantic import SecretStr
from sqlalchemy import Connection

from models.tables import table_name
from pipelines.assets import ncaa_upcoming_games
from pipelines.assets.tables import CATALOG
from pipelines.errors import DatabaseError
from pipelines.health.alerts import Cause, Failure, Memory
from pipelines.health.check import read_problems
from pipelines.health.webhooks import call
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect, ready_database
from pipelines.repairs import MISSED_DAYS, choose_repairs, repair_reason, with_repair
from pipelines.runtime.failures import (
    FailedRun,
    kind_of,
    newest_failed_run,
    read_failed_runs,
    succeeded_since,
    was_loaded_between,
)
from pipelines.runtime.runs import (
    REASON_TAG,
    REPAIR_SENSOR,
    Request,
    RequestCursor,
    has_run_since,
    lost_requests,
    newest_materialization,
    newest_successful_tick,
    unfinished_dates,
    unfinished_repairs,
)
from pipelines.schedules import REPAIR_TAGS, ncaa_checks, ncaa_ingestion, ncaa_upcoming
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
FIRST_START: Final = "first start"
READING: Final = "reading the tables"


@dg.sensor(
    name=REPAIR_SENSOR,
    jobs=[ncaa_ingestion, ncaa_upcoming],
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests past dates again that failed, were missed or are not settled; on the first start, today and "
    "the days ahead.",
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
    if not newest_materialization(context.instance, ncaa_upcoming_games.key):
        tags = {**REPAIR_TAGS, REASON_TAG: FIRST_START}
        # The run key: once, whatever becomes of it. The schedule of each morning goes on.
        yield dg.RunRequest(run_key=FIRST_START, job_name=ncaa_upcoming.name, tags=tags)
    elif not requests:
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
        due[state] = FIRST_START
    taken = unfinished_dates(instance, [state.game_date for state in due]) | _awaited(due, requests)
    free = [state for state in due if state.game_date not in taken]
    chosen = choose_repairs(free, unfinished_repairs(instance)) if free else []
    requested = request_repairs(connection, sport, [with_repair(state, now) for state in chosen], now)
    return [
        dg.RunRequest(
            job_name=ncaa_ingestion.name,
            partition_key=state.game_date.isoformat(),
            tags={**REPAIR_TAGS, REASON_TAG: due[state]},
        )
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


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Posts to ALERT_WEBHOOK_URL (Slack's JSON) when a cause of failed runs, or another problem, begins and "
    "when it is over.",
)
def failure_alert(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    settings, now = Settings(), dt.datetime.now(dt.UTC)
    instance, webhook = context.instance, settings.alert_webhook_url
    memory = Memory.model_validate_json(context.cursor or f'{{"position": {newest_failed_run(instance)}}}')
    runs = read_failed_runs(instance, memory.position)
    causes = note_news(memory, runs, instance, settings, now)
    if webhook is None:
        memory.forget()
        outcome = f"{memory.untold(now)} causes, and nobody was told: ALERT_WEBHOOK_URL is not set."
    else:
        address = webhook.get_secret_value()
        told = memory.tell(now, lambda text: call("ALERT_WEBHOOK_URL", address, {"text": text}))
        outcome = f"{told} alerts were sent, {memory.untold(now)} are still to be sent."
    for run, cause in causes:
        instance.report_engine_event(f"Sensor {context.sensor_name}: {_told(cause, webhook)}", run)
    context.update_cursor(memory.model_dump_json())
    return dg.SkipReason(outcome)


def note_news(
    memory: Memory, runs: Iterable[FailedRun], instance: dg.DagsterInstance, settings: Settings, now: dt.datetime
) -> list[tuple[dg.DagsterRun, Cause]]:
    """Updates the memory by failed runs, successes, and the problems found now; returns the causes of the runs."""
    loaded_between = partial(was_loaded_between, instance)
    causes = []
    for failed in runs:
        causes += [(failed.run, memory.note_failure(failure, now, loaded_between)) for failure in failed.failures]
        memory.position = failed.event_id
    succeeded = partial(succeeded_since, instance)
    try:
        problems = read_problems(settings, now)
    except DatabaseError as error:  # of the app; this sensor needs only Dagster's
        failure = Failure(kind_of(error), READING, frozenset(), (str(error),), memory.position)
        memory.note_failure(failure, now, loaded_between)
        memory.note_successes(succeeded)
    else:
        memory.note_successes(lambda waiting: [*succeeded(waiting), *({READING} & waiting.keys())])
        memory.note_problems(problems, now)
    return causes


def _told(cause: Cause, webhook: SecretStr | None) -> str:
    if cause.is_told:
        return "people were told of this cause when it began."
    return "nobody was told: " + (
        "ALERT_WEBHOOK_URL is not set." if webhook is None else "an alert is still to be sent."
    )


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Calls HEALTHCHECK_URL (healthchecks.io and the like) after each tick that loaded today.",
)
def dead_mans_switch(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    address = Settings().healthcheck_url
    if address is None:
        return dg.SkipReason("HEALTHCHECK_URL is not set.")
    run = newest_successful_tick(context.instance)
    if run is None or run.run_id == context.cursor:
        return dg.SkipReason("No tick succeeded since the last call.")
    call("HEALTHCHECK_URL", address.get_secret_value())
    context.update_cursor(run.run_id)
    return dg.SkipReason(f"HEALTHCHECK_URL was called after run {run.run_id}.")
