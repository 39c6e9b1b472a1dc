"""The asset: fetch the dates, load each, report."""

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict

import dagster as dg
import structlog

from pipelines.assets.preview import scoreboard_markdown
from pipelines.errors import GamePulseError
from pipelines.ingest import IngestedDate, ingest_date
from pipelines.logs import event_logger
from pipelines.ncaa.client import NcaaClient
from pipelines.partitions import game_dates
from pipelines.retries import DoublingRetryPolicy
from pipelines.settings import Settings
from pipelines.warehouse.database import Database

DATES_AT_ONCE = 8
"""How many dates of a range are under way together; more would only wait for the API's limit."""


@dg.asset(
    partitions_def=game_dates,
    group_name="data_ingestion",
    kinds={"python", "postgres"},
    owners=["team:gamepulse"],
    retry_policy=DoublingRetryPolicy(max_retries=3, delay=2),
    dagster_type=dg.Any,  # Dagster cannot tell that an async generator of events hands nothing on
    output_required=False,  # each date is reported by itself, so that one that fails does not take the others along
)
async def ncaa_games(
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    ncaa_api: dg.ResourceParam[NcaaClient],
) -> AsyncGenerator[dg.AssetMaterialization, None]:
    """Every NCAA men's Division I game of a date: who plays whom, when, and how it stands.

    One row a game in `fact_game`, one row a team and season in `dim_team`. A partition is a game date, US Eastern;
    materializing it again brings its games to what the NCAA says now and writes nothing that is unchanged.
    """
    log = event_logger(Settings().gamepulse_log)
    dates = [dt.date.fromisoformat(key) for key in context.partition_keys if key not in _materialized_by(context)]
    failures: dict[dt.date, GamePulseError] = {}
    async with aclosing(_ingest_all(dates, ncaa_api, database, log)) as outcomes:
        async for game_date, outcome in outcomes:
            if isinstance(outcome, GamePulseError):
                failures[game_date] = outcome
            else:
                yield _materialization(context.asset_key, game_date, outcome)
    if failures:
        raise dg.Failure(
            "\n".join(f"{date}: {error}" for date, error in sorted(failures.items())),
            allow_retries=any(error.can_heal for error in failures.values()),
        )


async def _ingest_all(
    dates: Sequence[dt.date], ncaa_api: NcaaClient, database: Database, log: structlog.stdlib.BoundLogger
) -> AsyncGenerator[tuple[dt.date, IngestedDate | GamePulseError], None]:
    """The outcome of each date, as it is there."""
    under_way = asyncio.Semaphore(DATES_AT_ONCE)

    async def ingest(game_date: dt.date) -> tuple[dt.date, IngestedDate | GamePulseError]:
        events = log.bind(partition=game_date.isoformat())
        async with under_way:
            events.info("ncaa_games_asset_started")
            try:
                outcome = await ingest_date(game_date, ncaa_api, database)
            except GamePulseError as error:
                events.error("ncaa_games_asset_failed", error=str(error))
                return game_date, error
            events.info("ncaa_games_asset_completed", **_counts(outcome))
            return game_date, outcome

    tasks = [asyncio.create_task(ingest(game_date)) for game_date in dates]
    try:
        for task in asyncio.as_completed(tasks):
            yield await task
    finally:
        # A run that is terminated, or meets a bug, leaves nothing under way.
        for pending in tasks:
            pending.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _materialized_by(context: dg.AssetExecutionContext) -> set[str]:
    """Dates that an earlier attempt of this run brought in."""
    if context.retry_number == 0:
        return set()
    records = context.instance.get_records_for_run(
        context.run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    return {record.event_log_entry.get_dagster_event().partition or "" for record in records.records}


def _counts(outcome: IngestedDate) -> dict[str, int | None]:
    counts = asdict(outcome.report)
    del counts["is_stale"]
    return counts


def _materialization(key: dg.AssetKey, game_date: dt.date, outcome: IngestedDate) -> dg.AssetMaterialization:
    counts = {name: count for name, count in _counts(outcome).items() if count is not None}
    return dg.AssetMaterialization(
        asset_key=key,
        partition=game_date.isoformat(),
        metadata={
            **counts,
            "scoreboard": dg.MetadataValue.md(scoreboard_markdown(outcome.scoreboard)),
            "source_url": dg.MetadataValue.url(outcome.scoreboard.source_url),
        },
    )
