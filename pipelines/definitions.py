"""The code location: what Dagster loads."""

import dagster as dg

from pipelines.assets import ncaa_games
from pipelines.resources import DatabaseResource, NcaaApiResource
from pipelines.schedules import ncaa_first_run, ncaa_ingestion, ncaa_schedule

defs = dg.Definitions(
    assets=[ncaa_games],
    jobs=[ncaa_ingestion],
    schedules=[ncaa_schedule],
    sensors=[ncaa_first_run],
    resources={"database": DatabaseResource(), "ncaa_api": NcaaApiResource()},
    executor=dg.in_process_executor,  # a run has one step; a process for it would double the run's time
)
