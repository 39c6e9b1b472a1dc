"""The asset `ncaa_game_details`: where each final game was played, and its points by period."""

import datetime as dt
import math
from contextlib import aclosing

import dagster as dg
from structlog.stdlib import BoundLogger

from pipelines.assets.ncaa_games import failure_of, materialized_by
from pipelines.assets.source_code import source_code
from pipelines.assets.tables import table_materializations
from pipelines.errors import DetailsBudgetError, GamePulseError
from pipelines.ingest import DateDetails, ingest_details
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.partitions import game_dates
from pipelines.postgres.sessions import Database
from pipelines.runtime.failures import findings_metadata
from pipelines.runtime.retries import RETRIES, record
from pipelines.runtime.runs import requester
from pipelines.warehouse.details import duration_message, pending_details, requested_today, within_budget
from pipelines.warehouse.requested_dates import SCHEDULE


@dg.asset(
    partitions_def=game_dates,
    group_name="data_ingestion",
    deps=["ncaa_games"],
    kinds={"python", "postgres"},
    owners=["team:gamepulse"],
    metadata=source_code(__file__),
    retry_policy=RETRIES,
    output_required=False,  # dates are reported one by one, since some may fail, and at once: see `ingest_each`
)
async def ncaa_game_details(  # type: ignore[no-untyped-def]  # Dagster takes no annotation for an async generator
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    event_log: dg.ResourceParam[BoundLogger],
    ncaa_api: dg.ResourceParam[NcaaClient],
):
    """Venue, neutral site and points by period of each final game of a date.

    One row per game in game_detail, one row per place in dim_venue. Each game without details costs one request; a
    game that has them costs none, so materializing a date again asks only for what is missing. A date that exceeds
    NCAA_API_DETAILS_PER_DAY fails, except for the schedule, which has a limit of its own.
    """
    done = materialized_by(context)
    dates = [dt.date.fromisoformat(key) for key in context.partition_keys if key not in done]
    async with database.get_session() as session:
        connection = await session.connection()
        pending = await connection.run_sync(pending_details, MENS_BASKETBALL.sport, dates)
        spent = await connection.run_sync(requested_today, await database.now())
    context.log.info(duration_message(pending, ncaa_api.requests_per_second))
    budget = math.inf if requester(context.run) == SCHEDULE else ncaa_api.details_per_day - spent
    chosen, left = within_budget(pending, budget)
    failures: dict[dt.date, GamePulseError] = {
        game_date: DetailsBudgetError(
            f"{len(contest_ids)} games need details, and {spent} of NCAA_API_DETAILS_PER_DAY="
            f"{ncaa_api.details_per_day:g} were requested in the last 24 hours: materialize the date tomorrow."
        )
        for game_date, contest_ids in left.items()
    }
    retries_left = context.retry_number < RETRIES.max_retries
    changed: set[str] = set()
    async with aclosing(ingest_details(chosen, MENS_BASKETBALL, ncaa_api, database, event_log)) as outcomes:
        async for game_date, outcome in outcomes:
            if isinstance(outcome, GamePulseError):
                failures[game_date] = outcome
                continue
            changed |= outcome.tables_changed
            error = next(iter(outcome.failures.values()), None)
            if error is not None and (outcome.is_broken or (retries_left and error.retryable)):
                failures[game_date] = error
            else:
                record(context, _materialization(context.asset_key, game_date, outcome))
    for event in await table_materializations(database, changed):
        yield event
    if failures:
        raise failure_of(failures, context.retry_number)


def _materialization(key: dg.AssetKey, game_date: dt.date, outcome: DateDetails) -> dg.AssetMaterialization:
    missing = [f"ncaam_{contest_id}: {reason}" for contest_id, reason in sorted(outcome.missing.items())]
    return dg.AssetMaterialization(
        asset_key=key,
        partition=game_date.isoformat(),
        metadata={
            **findings_metadata(missing),
            "games_processed": outcome.requested,
            "games_without_venue": len(missing),
        },
    )
