"""The archive keeps what the source said, and a replay of it gives the tables back."""

import asyncio
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from functools import partial

import pytest
import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession
from support.builders import at, day
from support.invariants import assert_same
from support.postgres_servers import settings_for
from support.raw_games import raw_answer, raw_game
from support.season import playing
from support.warehouse import Warehouse

from pipelines.errors import GamePulseError
from pipelines.ingest import IngestedDate
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ScoreboardResponse, parse_scoreboard
from pipelines.postgres.sessions import Database
from pipelines.runtime.replay import replay_dates
from pipelines.warehouse.archive import Question, keep_loaded
from pipelines.warehouse.load import load_scoreboard
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


def test_a_replay_gives_back_when_equal_answers_were_believed(database_url: sa.URL, warehouse: Warehouse) -> None:
    """The fourth of five equal answers, six hours after the first, confirms that a final is none."""
    final, live = raw_game(1), raw_game(1, gameState="live", currentPeriod="2ND", score=("78", "70"))
    said = [("21:00", final), ("21:30", live), ("23:30", live), ("25:30", live), ("27:30", live), ("29:30", live)]
    for hours, game in said:
        body = json.dumps(raw_answer(game, raw_game(2, "iona", "rider"))).encode()
        moment = at("2026-01-17 00:00") + dt.timedelta(hours=int(hours[:2]), minutes=int(hours[3:]))
        response = ScoreboardResponse(MENS_BASKETBALL, day("2026-01-17"), body, moment, "https://api.test")
        warehouse.run(partial(load_and_keep, response=response))
    played = warehouse.tables()
    moments = [row["changed_at"] for row in played["game_history"] if row["game_id"] == "ncaam_1"]
    assert moments == [at("2026-01-17 21:00"), at("2026-01-18 03:30")]
    assert warehouse.query("SELECT answers FROM archive.sighting ORDER BY sighting_id") == [
        {"answers": 1},
        {"answers": 3},
        {"answers": 2},
    ]

    replay(database_url, [day("2026-01-17")])
    assert_same(warehouse.tables(), played)


async def load_and_keep(session: AsyncSession, response: ScoreboardResponse) -> None:
    """Loads and archives an answer as `ingest_date` does."""
    report = await load_scoreboard(session, parse_scoreboard(response), games_expected=2)
    question = Question("ncaam", "scoreboard", str(response.game_date))
    await keep_loaded(session, question, response.raw, report, games_expected=2, updated_at=None, is_required=True)
