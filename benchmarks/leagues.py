"""`python -m benchmarks.leagues [--quick]`: what ten leagues cost beside one, for the model of docs/scaling.md.

A league is the season of the simulator under another `sport`. Of each number of leagues, on a new database:

- *A season* of all leagues at once, with five requests per second; its processor time includes the API, not PostgreSQL.
- *A tick* requests one date per league, then loads 150 games per league, one after the other. The requests are the
  simulator's of a day, through the limit; the loads are a generated day, loaded again unchanged.
- *Runs* are one per league, four at a time as in the queue, in a fork of a process that has loaded the definitions.
"""

import argparse
import asyncio
import datetime as dt
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from rich.console import Console
from rich.table import Table
from support.invariants import QUIET
from support.postgres_servers import settings_for

from benchmarks.code_servers import GAMES, Cost, running_code_servers
from benchmarks.dagster_cost import FIRST, SATURDAY, SEASON
from benchmarks.load import WARM_UPS
from benchmarks.scoreboards import scoreboard
from benchmarks.server import Server, connect, running_server
from benchmarks.targets import FIRST_DATE
from pipelines.errors import GamePulseError
from pipelines.ingest import ingest_dates
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL, League
from pipelines.ncaa.rate_limit import RateLimit
from pipelines.postgres.database import connect as synchronous
from pipelines.postgres.sessions import Database
from pipelines.warehouse.load import load_scoreboard
from simulator.options import Options
from simulator.server import Served, serving

DATES = 161
PER_SECOND = 5
SLOTS = 4
_DAY = """
SELECT home.team_name, away.team_name, home_score, away_score, game_status FROM fact_game
JOIN dim_team AS home ON home.team_key = home_team_key
JOIN dim_team AS away ON away.team_key = away_team_key
WHERE fact_game.sport = 'ncaam' AND game_date = '2026-01-03'
"""
_CONFERENCES = """
SELECT home.conference_id, count(*), avg(home_score - away_score) FROM fact_game
JOIN dim_team AS home ON home.team_key = home_team_key
WHERE fact_game.sport = 'ncaam' AND home.season = 2025 AND game_status = 'final'
GROUP BY home.conference_id
"""
_BYTES = """
SELECT sum(pg_total_relation_size(oid))::float8 FROM pg_class WHERE relkind = 'r' AND relnamespace = $1::regnamespace
"""

Figures = dict[str, float]


def leagues(number: int) -> list[League]:
    """Returns leagues that the simulator answers alike."""
    others = (replace(MENS_BASKETBALL, sport=f"league{other}") for other in range(1, number))
    return [MENS_BASKETBALL, *others]


async def measure(server: Server, api: Served, number: int, dates: int) -> Figures:
    """Measures that many leagues in a new database, without Dagster."""
    url = server.new_database()
    found: Figures = {}
    connection = await connect(url)
    async with Database(settings_for(url)) as database, RateLimit(database, PER_SECOND) as limit:
        async with NcaaClient(api.url, limit=limit) as client:
            began, before = time.monotonic(), time.process_time()
            await asyncio.gather(*(_season(league, dates, client, database) for league in leagues(number)))
            found["a season of all leagues, s"] = time.monotonic() - began
            found["the same, processor time, s"] = time.process_time() - before
            await connection.execute("VACUUM ANALYZE")
            found["games per season"] = await connection.fetchval("SELECT count(*) FROM fact_game")
            found["teams per season"] = await connection.fetchval("SELECT count(*) FROM dim_team")
            found["a season in the tables, MB"] = await connection.fetchval(_BYTES, "public") / 1e6
            began = time.monotonic()
            await asyncio.gather(*(client.scoreboard(league, SATURDAY) for league in leagues(number)))
            found["last answer of a tick, s"] = time.monotonic() - began
        found["loads of a tick, ms"] = await _loads(database, number)
    found["a day's games, ms"] = await _median(partial(connection.fetch, _DAY), 30)
    found["a season by conference, ms"] = await _median(partial(connection.fetch, _CONFERENCES), 30)
    await connection.close()
    return found


async def _season(league: League, dates: int, client: NcaaClient, database: Database) -> None:
    days = [FIRST + dt.timedelta(days=day) for day in range(dates)]
    async with aclosing(ingest_dates(days, league, client, database, QUIET)) as outcomes:
        async for _, outcome in outcomes:
            if isinstance(outcome, GamePulseError):
                raise outcome


async def _loads(database: Database, number: int) -> float:
    """Returns the milliseconds in which all leagues load an unchanged day, one after the other."""
    board = replace(scoreboard(FIRST_DATE, 150), is_simulated=True)
    minutes = itertools.count()

    async def load() -> None:
        fetched_at = board.fetched_at + dt.timedelta(minutes=next(minutes))
        for league in leagues(number):
            async with database.get_session() as session:
                await load_scoreboard(session, replace(board, league=league, fetched_at=fetched_at), games_expected=150)

    return await _median(load, 15)


async def _median(work: Callable[[], Awaitable[object]], runs: int) -> float:
    seconds = []
    for run in range(WARM_UPS + runs):
        began = time.perf_counter()
        await work()
        if run >= WARM_UPS:
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds) * 1000


def runs(server: Server, api: Served) -> Iterator[tuple[int, Cost, float]]:
    """Yields for 1 and 10 runs what they cost, and the bytes by which Dagster's tables grow."""
    url = server.new_database()

    def size() -> float:
        with synchronous(url) as connection:
            return float(connection.exec_driver_sql(_BYTES.replace("$1", "'dagster'")).scalar_one())

    days = [{"dagster/partition": (FIRST + dt.timedelta(days=number)).isoformat()} for number in range(10)]
    with running_code_servers(api.url, url) as servers:

        def tick(number: int) -> list[Cost]:
            return [servers.run(GAMES, *days[first : min(first + SLOTS, number)]) for first in range(0, number, SLOTS)]

        tick(10)  # loads the dates
        for number in (1, 10):
            before = size()
            costs = tick(number)
            total = Cost(sum(cost.elapsed for cost in costs), sum(cost.processor for cost in costs))
            yield number, total, size() - before


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leagues", description="Measure 1 and 10 leagues.")
    parser.add_argument("--quick", action="store_true", help="a week of the season, to check that it works")
    dates = 7 if parser.parse_args().quick else DATES
    with running_server() as server, serving(Options(season=SEASON)) as api:
        api.simulator.clock.set()
        found = {number: asyncio.run(measure(server, api, number, dates)) for number in (1, 10)}
        for number, cost, grown in runs(server, api):
            found[number] |= {
                "runs of a tick, s": cost.elapsed,
                "the same, processor time, s ": cost.processor,
                "Dagster's tables, KB per run": grown / 1e3 / number,
            }
    table = Table("", "1", "10", "ratio", title="Leagues")
    for name, one in found[1].items():
        ten = found[10][name]
        table.add_row(name, f"{one:,.2f}", f"{ten:,.2f}", f"{ten / one:.1f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
