"""The asset of the days ahead: games as announced, so that an application can show them."""

import datetime as dt
from contextlib import aclosing

import dagster as dg
from structlog.stdlib import BoundLogger

from pipelines.assets.ncaa_games import failure_of
from pipelines.assets.source_code import source_code
from pipelines.assets.tables import table_materializations
from pipelines.errors import GamePulseError
from pipelines.ingest import ingest_dates
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.sessions import Database
from pipelines.runtime.retries import RETRIES
from pipelines.seasons import eastern_date

DAYS_AHEAD = 7


@dg.asset(
    group_name="data_ingestion",
    deps=["archive"],
    kinds={"python", "postgres"},
    owners=["team:gamepulse"],
    metadata=source_code(__file__),
    retry_policy=RETRIES,
)
async def ncaa_upcoming_games(
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    event_log: dg.ResourceParam[BoundLogger],
    ncaa_api: dg.ResourceParam[NcaaClient],
) -> dg.MaterializeResult[None]:
    """Games of the next seven days, US Eastern, as announced: rows of fact_game with status scheduled.

    Loaded each morning by the same steps as ncaa_games, which loads each date from its own day on.
    """
    today = eastern_date(await database.now())
    dates = [today + dt.timedelta(days=ahead) for ahead in range(1, DAYS_AHEAD + 1)]
    games: dict[dt.date, int] = {}
    failures: dict[dt.date, GamePulseError] = {}
    changed: set[str] = set()
    async with aclosing(ingest_dates(dates, MENS_BASKETBALL, ncaa_api, database, event_log)) as outcomes:
        async for game_date, outcome in outcomes:
            if isinstance(outcome, GamePulseError):
                failures[game_date] = outcome
            else:
                games[game_date] = outcome.report.games_processed
                changed |= outcome.report.tables_changed
    for event in await table_materializations(database, changed):
        context.log_event(event)
    if failures:
        raise failure_of(failures, context.retry_number)
    lines = [f"{date:%a %d %b} | {count}" for date, count in sorted(games.items())]
    return dg.MaterializeResult(
        metadata={
            "games_processed": sum(games.values()),
            "days": dg.MetadataValue.md("\n".join(["Date | Games", ":--- | ---:", *lines])),
        }
    )
