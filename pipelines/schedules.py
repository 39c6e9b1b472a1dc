"""Jobs and schedules."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from pipelines.assets import (
    coverage_report,
    ncaa_game_details,
    ncaa_games,
    ncaa_standings,
    ncaa_upcoming_games,
    table_checks,
)
from pipelines.cadence import DETAILS_DAYS, TICK_CRON, TICK_MINUTES
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect, ready_database
from pipelines.runtime.prune import PRUNED_AT_ONCE, prune
from pipelines.runtime.runs import REASON_TAG, TICK_REASON, has_run_since, is_backfill_under_way, is_queued
from pipelines.seasons import EASTERN, eastern_date
from pipelines.settings import Settings
from pipelines.warehouse.archive import prune_archive
from pipelines.warehouse.details import pending_details, within_budget
from pipelines.warehouse.requested_dates import read_date_states
from pipelines.warehouse.standings import is_audited

# A date takes seconds; a run of one that takes minutes hangs.
ONE_DATE_TAGS = {"dagster/max_runtime": "300"}
# A tick goes before repairs, and repairs before the dates of a backfill, which have priority 0.
TICK_TAGS = {**ONE_DATE_TAGS, "dagster/priority": "10"}
REPAIR_TAGS = {**ONE_DATE_TAGS, "dagster/priority": "5"}

DETAILS_PER_DAY = 600
"""Details that the schedule requests per day: those of three full days. A date that exceeds the rest waits."""

ncaa_ingestion = dg.define_asset_job(
    "ncaa_ingestion", selection=[ncaa_games], description="Loads the current scoreboards of game dates."
)
ncaa_audit = dg.define_asset_job(
    "ncaa_audit",
    selection=dg.AssetSelection.assets(ncaa_standings).without_checks(),
    description="Loads the NCAA's standings and compares each team's record with ours.",
)
ncaa_upcoming = dg.define_asset_job(
    "ncaa_upcoming",
    selection=[ncaa_upcoming_games],
    description="Loads the games announced for the next seven days.",
)
ncaa_details = dg.define_asset_job(
    "ncaa_details",
    selection=[ncaa_game_details],
    description="Loads venues and points by period of the final games of game dates.",
)
ncaa_report = dg.define_asset_job(
    "ncaa_report", selection=[coverage_report], description="Writes the coverage report as an HTML file."
)
ncaa_checks = dg.define_asset_job(
    "ncaa_checks", selection=dg.AssetSelection.checks(table_checks), description="Evaluates the checks of the tables."
)


@dg.op(description="Deletes superseded runs from Dagster's history, and old answers from the archive.")
def delete_superseded_runs(context: dg.OpExecutionContext) -> None:
    settings = Settings()
    with connect(ready_database(settings)) as connection:
        answers = prune_archive(connection, dt.datetime.now(dt.UTC), settings.archive_days)
        connection.commit()
    context.log.info(f"Deleted {answers} answers from the archive.")
    pruned = prune(context.instance, dt.datetime.now(dt.UTC), at_most=PRUNED_AT_ONCE)
    context.log.info(f"Deleted {pruned.superseded} superseded and {pruned.failed} failed runs.")


@dg.job(description="Deletes superseded runs and old answers, as gamepulse prune does.")
def ncaa_prune() -> None:
    delete_superseded_runs()


@dg.schedule(
    job=ncaa_ingestion,
    cron_schedule=TICK_CRON,
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=f"Requests today's games, US Eastern, every {TICK_MINUTES} minutes, and yesterday's until noon while "
    "some are not over.",
)
def ncaa_schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    now = context.scheduled_execution_time
    today = eastern_date(now)
    yesterday = today - dt.timedelta(days=1)
    requested = {today: TICK_REASON}
    with connect(ready_database(Settings())) as connection:
        [state] = read_date_states(connection, MENS_BASKETBALL.sport, [yesterday])
    if now < dt.datetime.combine(today, dt.time(12), EASTERN) and (state.fetched_at is None or state.games_open):
        requested[yesterday] = "yesterday's games are not over"
    queued = {game_date for game_date in requested if is_queued(context.instance, game_date.isoformat())}
    for game_date in requested.keys() - queued:
        key = game_date.isoformat()
        yield dg.RunRequest(run_key=key, partition_key=key, tags={**TICK_TAGS, REASON_TAG: requested[game_date]})
    if requested.keys() == queued:
        yield dg.SkipReason("A run of each date is queued already.")


ncaa_upcoming_schedule = dg.ScheduleDefinition(
    job=ncaa_upcoming,
    cron_schedule="0 6 * * *",
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    tags=REPAIR_TAGS,
    description="Requests the games announced for the next seven days, each morning.",
)


@dg.schedule(
    job=ncaa_details,
    cron_schedule="20 7 * * *",  # yesterday's last games are over, and not with a tick
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Requests the details of yesterday's final games each morning, then those still missing from the days "
    f"before, up to {DETAILS_PER_DAY} games.",
)
def ncaa_details_schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    today = eastern_date(context.scheduled_execution_time)
    days = [today - dt.timedelta(days=ago) for ago in range(1, DETAILS_DAYS + 1)]
    with connect(ready_database(Settings())) as connection:
        pending = pending_details(connection, MENS_BASKETBALL.sport, days)
    chosen, _ = within_budget(pending, DETAILS_PER_DAY)
    requests = {game_date.isoformat(): len(contest_ids) for game_date, contest_ids in chosen.items() if contest_ids}
    for key, games in requests.items():
        reason = f"{games} games without details"
        yield dg.RunRequest(run_key=key, partition_key=key, tags={**REPAIR_TAGS, REASON_TAG: reason})
    if not requests:
        yield dg.SkipReason(f"Each final game of the last {DETAILS_DAYS} days has details.")


@dg.schedule(
    job=ncaa_audit,
    cron_schedule="10 9-20 * * *",  # yesterday's games are final, and not with a tick
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Requests the NCAA's standings each morning in the season, and again each hour while they are stale.",
)
def ncaa_standings_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    today = eastern_date(context.scheduled_execution_time)
    if MENS_BASKETBALL.is_off_season(today):
        return dg.SkipReason("No games are played in the off season.")
    with connect(ready_database(Settings())) as connection:
        if is_audited(connection, MENS_BASKETBALL.sport, today):
            return dg.SkipReason("Today's standings are compared.")
    return dg.RunRequest(partition_key=today.isoformat(), tags=REPAIR_TAGS)


ncaa_report_schedule = dg.ScheduleDefinition(
    job=ncaa_report,
    cron_schedule="40 9 * * *",  # after the first standings of the morning, and not with a tick
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    tags=REPAIR_TAGS,
    description="Requests the coverage report, each morning.",
)


@dg.schedule(
    job=ncaa_checks,
    cron_schedule="5 * * * *",  # not with a tick
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Requests the checks of the tables where none ran for an hour, so that they notice that nothing loads.",
)
def ncaa_checks_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    # A run of this schedule is created some seconds after the full hour.
    since = context.scheduled_execution_time - dt.timedelta(minutes=55)
    if has_run_since(context.instance, ncaa_checks.name, since):
        return dg.SkipReason("The checks ran less than an hour ago.")
    return dg.RunRequest(tags=REPAIR_TAGS)


@dg.schedule(
    job=ncaa_prune,
    cron_schedule="35 5 * * *",  # no games, and not with a tick
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Requests the deletion of superseded runs from Dagster's history, each night.",
)
def ncaa_prune_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    if is_backfill_under_way(context.instance):
        return dg.SkipReason("A backfill is under way: a run of this job would take the slot that it leaves to a tick.")
    return dg.RunRequest(tags=ONE_DATE_TAGS)
