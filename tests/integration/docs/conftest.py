"""A database with simulated days of two seasons, as docs/using-the-data.md has it read: by the role that only reads."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from pipelines.ncaa.scoreboard import ParsedScoreboard, ScoreboardResponse, parse_scoreboard
from pipelines.postgres.roles import DAGSTER, PIPELINE, READER, create_roles
from pipelines.postgres.sessions import Database
from pipelines.seasons import EASTERN
from pipelines.settings import Settings
from pipelines.warehouse.load import load_scoreboard
from simulator.options import Options
from simulator.state import Simulator

DATABASE = "test_docs"
PASSWORD = SecretStr("reader")
TOURNAMENT = (dt.date(2026, 3, 17), dt.date(2026, 4, 6))
DATES = [
    *(dt.date(2025, 1, 18), dt.date(2025, 2, 8)),
    *(dt.date(2025, 11, 15), dt.date(2026, 1, 17), dt.date(2026, 2, 14)),
    *(TOURNAMENT[0] + dt.timedelta(days=day) for day in range((TOURNAMENT[1] - TOURNAMENT[0]).days + 1)),
]


class Season(NamedTuple):
    """Where to read, and what was loaded."""

    reader: sa.URL
    scoreboards: list[ParsedScoreboard]


def simulated_scoreboards() -> list[ParsedScoreboard]:
    """Of DATES, fetched when all is over."""
    simulator = Simulator(Options(now=dt.datetime(2026, 5, 1, tzinfo=EASTERN), speed=0))
    url = "http://simulator/scoreboard/basketball-men/d1/"
    answers = [
        ScoreboardResponse(
            date, simulator.scoreboard(date, simulator.now), simulator.now, f"{url}{date:%Y/%m/%d}", True
        )
        for date in DATES
    ]
    return [parse_scoreboard(answer) for answer in answers]


async def load(settings: Settings, scoreboards: list[ParsedScoreboard]) -> None:
    async with Database(settings) as database:
        for scoreboard in scoreboards:
            async with database.get_session() as session:
                await load_scoreboard(session, scoreboard, games_expected=scoreboard.games_received)


@pytest.fixture(scope="module")
def season(postgres_server: sa.URL, administrator: sa.Engine, template: str) -> Iterator[Season]:
    """Loaded once for all that read it in a module; gone after it, since roles belong to the server."""
    with administrator.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {DATABASE} TEMPLATE {template}"))
    url = postgres_server.set(database=DATABASE)
    settings = Settings(
        database_url=SecretStr(url.render_as_string(hide_password=False)),
        gamepulse_pipeline_password=PASSWORD,
        gamepulse_dagster_password=PASSWORD,
        gamepulse_reader_password=PASSWORD,
    )
    scoreboards = simulated_scoreboards()
    asyncio.run(load(settings, scoreboards))
    create_roles(url, settings)
    yield Season(url.set(username=READER, password=PASSWORD.get_secret_value()), scoreboards)
    with administrator.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {DATABASE} WITH (FORCE)"))
        for role in (PIPELINE, DAGSTER, READER):
            connection.execute(sa.text(f"DROP ROLE {role}"))
