"""When games are asked for, and by which jobs."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from pipelines.assets import ncaa_games, ncaa_upcoming_games
from pipelines.cadence import TICK_CRON
from pipelines.repairs import REASON_TAG, date_history, is_waiting
from pipelines.seasons import EASTERN, eastern_date

# One date takes seconds: a run of it that takes minutes hangs.
ONE_DATE_TAGS = {"dagster/max_runtime": "300"}
# A tick goes before repairs, and those before the dates of a backfill, which have 0.
TICK_TAGS = {**ONE_DATE_TAGS, "dagster/priority": "10"}
REPAIR_TAGS = {**ONE_DATE_TAGS, "dagster/priority": "5"}

ncaa_ingestion = dg.define_asset_job(
    "ncaa_ingestion", selection=[ncaa_games], description="Brings game dates to what the NCAA says of them now."
)
ncaa_upcoming = dg.define_asset_job(
    "ncaa_upcoming",
    selection=[ncaa_upcoming_games],
    description="Brings in the games announced for the next seven days.",
)


@dg.schedule(
    job=ncaa_ingestion,
    cron_schedule=TICK_CRON,
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Today's games, US Eastern, every quarter of an hour; yesterday's too until noon, while some are not "
    "over.",
)
def ncaa_schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    now = context.scheduled_execution_time
    today = eastern_date(now)
    yesterday = today - dt.timedelta(days=1)
    wanted = {today: "today"}
    history = date_history(context.instance, ncaa_games.key, yesterday)
    if now < dt.datetime.combine(today, dt.time(12), EASTERN) and (history.loaded_at is None or history.games_to_come):
        wanted[yesterday] = "yesterday's games are not over"
    waiting = {game_date for game_date in wanted if is_waiting(context.instance, game_date.isoformat())}
    for game_date in wanted.keys() - waiting:
        key = game_date.isoformat()
        yield dg.RunRequest(run_key=key, partition_key=key, tags={**TICK_TAGS, REASON_TAG: wanted[game_date]})
    if wanted.keys() == waiting:
        yield dg.SkipReason("A run of each date is waiting already.")


ncaa_upcoming_schedule = dg.ScheduleDefinition(
    job=ncaa_upcoming,
    cron_schedule="0 6 * * *",
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    tags=REPAIR_TAGS,
    description="The games announced for the next seven days, each morning.",
)
