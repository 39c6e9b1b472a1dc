"""The code location: what Dagster loads."""

import dagster as dg

from pipelines.assets import ncaa_games, ncaa_upcoming_games
from pipelines.assets.checks import ncaa_games_checks
from pipelines.assets.tables import ncaa_api, table_specs
from pipelines.resources import DatabaseResource, NcaaApiResource
from pipelines.schedules import (
    ncaa_checks,
    ncaa_checks_schedule,
    ncaa_ingestion,
    ncaa_schedule,
    ncaa_upcoming,
    ncaa_upcoming_schedule,
)
from pipelines.sensors import failure_alert, ncaa_repairs

defs = dg.Definitions(
    assets=[ncaa_api, ncaa_games, ncaa_upcoming_games, *table_specs()],
    asset_checks=[ncaa_games_checks],
    jobs=[ncaa_ingestion, ncaa_upcoming, ncaa_checks],
    schedules=[ncaa_schedule, ncaa_upcoming_schedule, ncaa_checks_schedule],
    sensors=[ncaa_repairs, failure_alert],
    resources={"database": DatabaseResource(), "ncaa_api": NcaaApiResource()},
    executor=dg.in_process_executor,  # a run has one or two steps; a process for each would double its time
)
