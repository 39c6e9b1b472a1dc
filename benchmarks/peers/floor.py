"""The floor: concurrent dates, one `unnest` upsert each, no rules, existing teams."""

import asyncio
import datetime as dt
import os

import asyncpg
import httpx

from benchmarks.floor import Floor
from benchmarks.peers.contender import dates_between, run
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ScoreboardResponse, parse_scoreboard
from pipelines.seasons import season_of

CONCURRENT_DATES = 8  # as in the pipeline


def load(first: dt.date, last: dt.date) -> None:
    """Loads dates of one season."""
    asyncio.run(_load(first, last))


async def _load(first: dt.date, last: dt.date) -> None:
    connection = await asyncpg.connect(os.environ["DATABASE_URL"], server_settings={"jit": "off"})
    floor = await Floor.over(connection, season_of(first))
    slots, lock = asyncio.Semaphore(CONCURRENT_DATES), asyncio.Lock()

    async def one(date: dt.date) -> None:
        async with slots:
            answer = await client.get(f"/scoreboard/basketball-men/d1/{date:%Y/%m/%d}")
            scoreboard = parse_scoreboard(
                ScoreboardResponse(
                    MENS_BASKETBALL, date, answer.raise_for_status().content, dt.datetime.now(dt.UTC), str(answer.url)
                )
            )
            async with lock:
                await floor.load(scoreboard)

    async with httpx.AsyncClient(base_url=os.environ["NCAA_API_URL"], timeout=60) as client:
        await asyncio.gather(*(one(date) for date in dates_between(first, last)))
    await connection.close()


if __name__ == "__main__":
    run(load)
