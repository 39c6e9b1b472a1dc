"""The code location: what Dagster loads."""

import dagster as dg

from pipelines.assets import (
    coverage_report,
    ncaa_game_details,
    ncaa_games,
    ncaa_standings,
    ncaa_upcoming_games,
    table_checks,
)
from pipelines.assets.simulated import mark_simulated
from pipelines.assets.source_code import link_to_repository
from pipelines.assets.tables import archive, ncaa_api, table_specs
from pipelines.resources import CoverageFileResource, DatabaseResource, EventLogResource, NcaaApiResource
from pipelines.runtime.executor import in_process_executor
from pipelines.schedules import (
    ncaa_audit,
    ncaa_checks,
    ncaa_checks_schedule,
    ncaa_details,
    ncaa_details_schedule,
    ncaa_ingestion,
    ncaa_prune,
    ncaa_prune_schedule,
    ncaa_report,
    ncaa_report_schedule,
    ncaa_schedule,
    ncaa_standings_schedule,
    ncaa_upcoming,
    ncaa_upcoming_schedule,
)
from pipelines.sensors import dead_mans_switch, failure_alert, ncaa_repairs, ncaa_table_changes
from pipelines.settings import Settings

defs = dg.Definitions(
    assets=mark_simulated(
        link_to_repository(
            [
                ncaa_api,
                archive,
                ncaa_games,
                ncaa_game_details,
                ncaa_standings,
                coverage_report,
                ncaa_upcoming_games,
                *table_specs(),
            ],
            project_url=Settings().project_url,
        ),
        is_simulated=Settings().is_simulated,
    ),
    asset_checks=[table_checks],
    jobs=[ncaa_ingestion, ncaa_details, ncaa_audit, ncaa_upcoming, ncaa_report, ncaa_checks, ncaa_prune],
    schedules=[
        ncaa_schedule,
        ncaa_details_schedule,
        ncaa_standings_schedule,
        ncaa_upcoming_schedule,
        ncaa_report_schedule,
        ncaa_checks_schedule,
        ncaa_prune_schedule,
    ],
    sensors=[ncaa_repairs, ncaa_table_changes, failure_alert, dead_mans_switch],
    resources={
        "coverage_file": CoverageFileResource(),
        "database": DatabaseResource(),
        "event_log": EventLogResource(),
        "ncaa_api": NcaaApiResource(),
    },
    executor=in_process_executor,
)
