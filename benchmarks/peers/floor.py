"""The floor: dates side by side, one `unnest` upsert each, no rules; the teams are there already."""

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

DATES_AT_ONCE = 8  # as ours


def load(first: dt.date, last: dt.date) -> None:
    """Of one season."""
    asyncio.run(_load(first, last))


async def _load(first: dt.date, last: dt.date) -> None:
    connection = await asyncpg.connect(os.environ["DATABASE_URL"], server_settings={"jit": "off"})
    floor = await Floor.over(connection, season_of(first))
    places, turn = asyncio.Semaphore(DATES_AT_ONCE), asyncio.Lock()

    async def one(date: dt.date) -> None:
        async with places:
            answer = await client.get(f"/scoreboard/basketball-men/d1/{date:%Y/%m/%d}")
            scoreboard = parse_scoreboard(
                ScoreboardResponse(
                    MENS_BASKETBALL, date, answer.raise_for_status().content, dt.datetime.now(dt.UTC), str(answer.url)
                )
            )
            async with turn:
                await floor.load(scoreboard)

    async with httpx.AsyncClient(base_url=os.environ["NCAA_API_URL"], timeout=60) as client:
        await asyncio.gather(*(one(date) for date in dates_between(first, last)))
    await connection.close()


if __name__ == "__main__":
    run(load)
