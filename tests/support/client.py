"""Uses of the NCAA client by several tests: one scoreboard, or many requests from another process."""

import asyncio
import datetime as dt

from pydantic import SecretStr

from pipelines.errors import NcaaApiError
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.rate_limit import RateLimit
from pipelines.ncaa.scoreboard import ScoreboardResponse
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings

DATE = dt.date(2026, 2, 3)
PATH = "/scoreboard/basketball-men/d1/2026/02/03"
BODY = b'{"games": []}'
KEY = "s3cr3t-key"


def fetch(
    base_url: str,
    game_date: dt.date = DATE,
    *,
    key: str | None = None,
    timeout: float = 5.0,
    contact: str | None = None,
) -> ScoreboardResponse:
    """Fetches one scoreboard without a rate limit."""

    async def run() -> ScoreboardResponse:
        async with NcaaClient(base_url, key=key, timeout=timeout, contact=contact) as client:
            return await client.scoreboard(MENS_BASKETBALL, game_date)

    return asyncio.run(run())


def fetch_many(name: str, database_url: str, url: str, per_second: float, requests: int) -> None:
    """Fetches so many dates at once under the rate limit. A process's main function; paths start with its name."""

    async def run() -> None:
        settings = Settings(database_url=SecretStr(database_url))
        async with (
            Database(settings) as database,
            RateLimit(database, per_second) as limit,
            NcaaClient(f"{url}/{name}", limit=limit) as client,
        ):
            dates = (DATE + dt.timedelta(days=days) for days in range(requests))
            answers = (client.scoreboard(MENS_BASKETBALL, date) for date in dates)
            await asyncio.gather(*answers, return_exceptions=True)

    asyncio.run(run())


def assert_is_a_sentence(error: NcaaApiError, url: str) -> None:
    """Fails unless the message names the request and is short, printable and complete."""
    message = str(error)
    assert message.startswith(f"GET {url}{PATH} ")
    assert message.endswith(".")
    assert not message.endswith("..")
    assert message.isprintable()
    assert len(message) < 400
