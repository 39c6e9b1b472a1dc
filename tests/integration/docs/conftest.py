"""A database with simulated dates of two seasons, read by the read-only role, as docs/using-the-data.md does."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from pydantic_core import to_json
from support.databases import Databases
from support.postgres_servers import settings_for

from pipelines.ncaa.details import DetailsResponse, GameDetails, parse_details
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ParsedScoreboard, ScoreboardResponse, parse_scoreboard
from pipelines.postgres.roles import DAGSTER, PIPELINE, READER, create_roles
from pipelines.postgres.sessions import Database
from pipelines.seasons import EASTERN, season_of
from pipelines.settings import Settings
from pipelines.warehouse.details import load_details
from pipelines.warehouse.load import load_scoreboard
from simulator import details
from simulator.listing import listing
from simulator.options import Options
from simulator.state import Simulator

PASSWORD = "reader"
ROLES = (PIPELINE, DAGSTER, READER)
TOURNAMENT = (dt.date(2026, 3, 17), dt.date(2026, 4, 6))
DATES = [
    *(dt.date(2025, 1, 18), dt.date(2025, 2, 8)),
    *(dt.date(2025, 11, 15), dt.date(2026, 1, 17), dt.date(2026, 2, 14)),
    *(TOURNAMENT[0] + dt.timedelta(days=day) for day in range((TOURNAMENT[1] - TOURNAMENT[0]).days + 1)),
]


WATCHED = dt.date(2026, 1, 17)
"""The date that was fetched while it was played too."""


class Season(NamedTuple):
    """The URLs of the database, and the loaded scoreboards."""

    owner: sa.URL
    reader: sa.URL
    watched: list[ParsedScoreboard]
    """Those of the evening of WATCHED. Some of its scores are corrected on the next day."""
    scoreboards: list[ParsedScoreboard]
    """Those of DATES, fetched after the season."""


def simulated_scoreboard(simulator: Simulator, date: dt.date, moment: dt.datetime) -> ParsedScoreboard:
    url = f"http://simulator/scoreboard/basketball-men/d1/{date:%Y/%m/%d}"
    answer = ScoreboardResponse(MENS_BASKETBALL, date, simulator.scoreboard(date, moment), moment, url, True)
    return parse_scoreboard(answer)


def simulated_details(date: dt.date) -> list[GameDetails]:
    """Returns the details of a date's games, fetched after the season."""
    simulator = Simulator(Options(now=dt.datetime(2026, 5, 1, tzinfo=EASTERN), speed=0))
    return [
        parse_details(
            DetailsResponse(
                entry.game.contest_id, to_json(details.answer(entry)), simulator.now, "http://simulator/game", True
            )
        )
        for entry in listing(simulator.world, simulator.faults, date, simulator.now)
    ]


async def load(settings: Settings, scoreboards: list[ParsedScoreboard]) -> None:
    async with Database(settings) as database:
        for scoreboard in scoreboards:
            async with database.get_session() as session:
                await load_scoreboard(session, scoreboard, games_expected=scoreboard.games_received)
        for date in DATES:
            if season_of(date) == 2025:
                async with database.get_session() as session:
                    await load_details(session, MENS_BASKETBALL, date, simulated_details(date))


@pytest.fixture(scope="module")
def season(databases: Databases) -> Iterator[Season]:
    """Loaded once per module and dropped after it, because roles belong to the whole server."""
    simulator = Simulator(
        Options(now=dt.datetime(2026, 5, 1, tzinfo=EASTERN), speed=0, faults={"late_correction": {"share": 0.1}})
    )
    evening = dt.datetime.combine(WATCHED, dt.time(19), EASTERN)
    watched = [
        simulated_scoreboard(simulator, WATCHED, evening + number * dt.timedelta(minutes=15)) for number in range(12)
    ]
    scoreboards = [simulated_scoreboard(simulator, date, simulator.now) for date in DATES]
    with databases.temporary() as url:
        settings = settings_for(url, **dict.fromkeys(ROLES, PASSWORD))
        asyncio.run(load(settings, [*watched, *scoreboards]))
        create_roles(url, settings)
        yield Season(url, url.set(username=READER, password=PASSWORD), watched, scoreboards)
    with databases.administrator.connect() as connection:
        for role in ROLES:
            connection.execute(sa.text(f"DROP ROLE {role}"))
