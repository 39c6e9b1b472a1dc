"""`python -m benchmarks.season`: a season, fetched from the simulator and loaded, with and without the limit.

The simulator is a process of its own. With the limit, the time is compared with what the requests alone need: one
each fifth of a second, the season's calendar included. Without, dates a second are reported.
"""

import asyncio
import datetime as dt
import math
import subprocess
import sys
import time
from contextlib import aclosing

import structlog
from pydantic import SecretStr

from benchmarks.server import running_server
from pipelines.errors import GamePulseError
from pipelines.ingest import ingest_dates
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.rate_limit import RateLimit
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings

SEASON = 2024
PORT = 8791
PER_SECOND = 5.0


async def _season_days(base_url: str) -> list[dt.date]:
    async with NcaaClient(base_url) as client:
        return sorted(await client.season_calendar(MENS_BASKETBALL, SEASON))


async def _ingest(settings: Settings, base_url: str, days: list[dt.date], per_second: float) -> float:
    """Seconds for all of them."""
    log: structlog.stdlib.BoundLogger = structlog.wrap_logger(structlog.ReturnLogger())
    started = time.perf_counter()
    async with (
        Database(settings) as database,
        RateLimit(database, per_second) as limit,
        NcaaClient(base_url, limit=limit) as client,
        aclosing(ingest_dates(days, MENS_BASKETBALL, client, database, log)) as outcomes,
    ):
        async for _, outcome in outcomes:
            if isinstance(outcome, GamePulseError):
                raise outcome
    return time.perf_counter() - started


async def _measure(base_url: str) -> None:
    days = await _season_days(base_url)
    async with running_server() as server:
        for per_second in (PER_SECOND, math.inf, math.inf, math.inf):
            url = await server.new_database()
            settings = Settings(database_url=SecretStr(url.render_as_string(hide_password=False)))
            seconds = await _ingest(settings, base_url, days, per_second)
            if math.isinf(per_second):
                print(f"without the limit: {len(days) / seconds:.1f} dates a second (bound: at least 25)")
            else:
                alone = (len(days) + 1) / per_second
                print(f"at {per_second:g} a second: {seconds / alone:.3f} x the requests alone (bound: 1.15)")


def main() -> None:
    command = [sys.executable, "-m", "simulator", "--port", str(PORT), "--season", str(SEASON + 1)]
    simulator = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    base_url = f"http://127.0.0.1:{PORT}"
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                asyncio.run(_season_days(base_url))
                break
            except GamePulseError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        asyncio.run(_measure(base_url))
    finally:
        simulator.terminate()
        simulator.wait()


if __name__ == "__main__":
    main()
