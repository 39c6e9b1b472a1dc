"""The archive keeps what the source said, and a replay of it gives the tables back."""

import asyncio
import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import aclosing

import pytest
import sqlalchemy as sa
from support.invariants import assert_same
from support.postgres_servers import settings_for
from support.season import playing
from support.warehouse import Warehouse

from pipelines.errors import GamePulseError
from pipelines.ingest import IngestedDate
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.sessions import Database
from pipelines.runtime.replay import replay_dates
from simulator.faults import FAULTS
from simulator.options import Options
from simulator.server import Served, serving

SLOW_FAULTS = {"hang", "drip", "oversized"}
HOUR = dt.timedelta(hours=1)
Outcomes = dict[dt.date, IngestedDate | GamePulseError]


@pytest.fixture
def simulated() -> Iterator[Served]:
    with serving(Options(season=2025)) as api:
        yield api


def replay(url: sa.URL, dates: Sequence[dt.date]) -> Outcomes:
    async def run() -> Outcomes:
        async with (
            Database(settings_for(url)) as database,
            aclosing(replay_dates(dates, MENS_BASKETBALL, database)) as outcomes,
        ):
            return {date: outcome async for date, outcome in outcomes}

    return asyncio.run(run())


@pytest.mark.slow
def test_a_replay_gives_back_the_tables_of_days_played_with_faults(
    database_url: sa.URL, simulated: Served, warehouse: Warehouse
) -> None:
    simulated.simulator.faults.set({name: {"share": 0.05} for name in FAULTS.keys() - SLOW_FAULTS})
    with playing(database_url, simulated, "2026-01-10 15:00") as player:
        player.play("2026-01-10 15:00", "2026-01-11 14:00", HOUR)
    played = warehouse.tables()
    assert len(played["fact_game"]) > 100
    loaded = [row["game_date"] for row in played["scoreboard"]]
    # In place.
    outcomes = replay(database_url, loaded)
    assert {date for date, outcome in outcomes.items() if isinstance(outcome, GamePulseError)} == set()
    assert_same(warehouse.tables(), played)
    # From nothing.
    warehouse.empty()
    replay(database_url, loaded)
    assert_same(warehouse.tables(), played)
