"""When games are asked for."""

from collections.abc import Iterator

import dagster as dg

from pipelines.assets import ncaa_games
from pipelines.partitions import game_dates
from pipelines.warehouse.seasons import eastern_date

ncaa_ingestion = dg.define_asset_job(
    "ncaa_ingestion",
    selection=[ncaa_games],
    description="Brings game dates to what the NCAA says of them now.",
)


@dg.schedule(
    job=ncaa_ingestion,
    cron_schedule="*/15 * * * *",
    execution_timezone="America/New_York",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def ncaa_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Today's games, US Eastern, every quarter of an hour."""
    today = eastern_date(context.scheduled_execution_time).isoformat()
    return dg.RunRequest(partition_key=today)


@dg.sensor(job=ncaa_ingestion, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def ncaa_first_run(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Today's games at once where they were never asked for, as on a first start; the schedule does the rest."""
    today = game_dates.get_last_partition_key()
    assert today is not None, "partitions reach to today"
    if today in context.instance.get_materialized_partitions(ncaa_games.key):
        yield dg.SkipReason(f"{today} was materialized already.")
    else:
        yield dg.RunRequest(run_key=today, partition_key=today)
