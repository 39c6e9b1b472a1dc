"""The pipeline without Dagster: fetch, parse and load."""

import asyncio
import datetime as dt
from contextlib import aclosing

import structlog

from benchmarks.peers.contender import dates_between, run
from pipelines.errors import GamePulseError
from pipelines.ingest import ingest_dates
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings


def load(first: dt.date, last: dt.date) -> None:
    """Loads with all rules."""
    asyncio.run(_load(first, last))


async def _load(first: dt.date, last: dt.date) -> None:
    settings = Settings()
    log: structlog.stdlib.BoundLogger = structlog.wrap_logger(structlog.ReturnLogger())
    async with (
        Database(settings) as database,
        NcaaClient(settings.ncaa_api_url) as client,
        aclosing(ingest_dates(dates_between(first, last), MENS_BASKETBALL, client, database, log)) as outcomes,
    ):
        async for _, outcome in outcomes:
            if isinstance(outcome, GamePulseError):
                raise outcome


if __name__ == "__main__":
    run(load)
