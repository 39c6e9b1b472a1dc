"""A database of 0.1.0 is upgraded to this code's revision while ticks go on, and loses nothing."""

import asyncio
import datetime as dt
import threading
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel
from support.invariants import QUIET
from support.postgres_servers import settings_for

from models.archive import ARCHIVE_SCHEMA
from models.migrations import VERSION_TABLE, head_revision
from models.turns import TURN_NAMES
from pipelines.errors import SchemaError
from pipelines.ingest import IngestedDate, ingest_dates
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect, migrate, ready_database
from pipelines.postgres.sessions import Database
from simulator.options import Options
from simulator.server import serving

DUMP = (Path(__file__).parent / "revision_0004.sql").read_text()
DATE = dt.date(2026, 3, 14)
"""A date that the dump has not loaded."""
KEYS = {
    "dim_date": "date_key",
    "dim_team": "team_key",
    "fact_game": "game_key",
    "game_evidence": "contest_id",
    "rejected_game": "reject_key",
    "requested_date": "game_date",
    "resolution": "resolution_id",
    "scoreboard": "game_date",
}
OLD_TICK = """
    INSERT INTO public.rejected_game (sport, reject_key, game_date, reason, payload)
        VALUES ('ncaam', %s, '2026-03-15', 'a tick', '');
    UPDATE public.fact_game SET home_rank = home_rank WHERE game_date = '2026-03-15';
"""
"""Writes that a process of 0.1.0 could send."""


@pytest.fixture
def old_database(new_database: Callable[..., sa.URL]) -> sa.URL:
    """A database of 0.1.0."""
    url = new_database()
    with psycopg2.connect(url.render_as_string(hide_password=False)) as connection, connection.cursor() as cursor:
        cursor.execute(DUMP)
    connection.close()
    return url


def rows(url: sa.URL, table: str) -> dict[str, dict[str, Any]]:
    """Returns the rows of a table by their keys."""
    query = f"SELECT {KEYS[table]}, to_jsonb(t) FROM public.{table} AS t"
    with connect(url) as connection:
        return {str(key): row for key, row in connection.execute(sa.text(query))}


class OldTicks(threading.Thread):
    """Writes as 0.1.0 does until it is told to stop."""

    def __init__(self, url: sa.URL) -> None:
        super().__init__()
        self.committed: list[str] = []
        self.refused: list[psycopg2.Error] = []
        self.stopped = threading.Event()
        self._connection = psycopg2.connect(url.render_as_string(hide_password=False))

    def run(self) -> None:
        number = 0
        while not self.stopped.wait(0.01):
            number += 1
            try:
                with self._connection, self._connection.cursor() as cursor:
                    cursor.execute(OLD_TICK, (f"tick-{number}",))
            except psycopg2.Error as error:
                self.refused.append(error)
            else:
                self.committed.append(f"tick-{number}")
        self._connection.close()


async def new_tick(url: sa.URL, api_url: str) -> list[object]:
    """Loads `DATE` as soon as this code may use the database."""
    settings = settings_for(url)
    while True:
        try:
            ready_database(settings)
            break
        except SchemaError as refused:
            assert "run `gamepulse migrate`" in str(refused)  # noqa: PT017
            await asyncio.sleep(0.02)
    async with (
        Database(settings) as database,
        NcaaClient(api_url) as client,
        aclosing(ingest_dates([DATE], MENS_BASKETBALL, client, database, QUIET)) as outcomes,
    ):
        return [outcome async for _, outcome in outcomes]


def test_an_upgrade_from_0_1_0_under_running_ticks_loses_nothing(old_database: sa.URL) -> None:
    before = {table: rows(old_database, table) for table in KEYS}
    assert all(before.values())
    outcomes: list[object] = []
    ticks = OldTicks(old_database)
    with serving(Options(season=2025, seed=7)) as api:
        new = threading.Thread(target=lambda: outcomes.extend(asyncio.run(new_tick(old_database, api.url))))
        ticks.start()
        new.start()
        time.sleep(0.2)
        migrate(settings_for(old_database))
        during = len(ticks.committed)
        new.join(60)
        ticks.stopped.set()
        ticks.join(10)

    assert [type(outcome) for outcome in outcomes] == [IngestedDate]
    after = {table: rows(old_database, table) for table in KEYS}
    assert ticks.refused == []
    assert len(ticks.committed) > during > 5, "a process of 0.1.0 does not go on"
    assert set(ticks.committed) <= after["rejected_game"].keys()
    for table, old_rows in before.items():
        for key, row in old_rows.items():
            assert row.items() <= after[table][key].items(), table
    loaded = [row for row in after["fact_game"].values() if row["game_date"] == DATE.isoformat()]
    assert len(loaded) == after["scoreboard"][DATE.isoformat()]["games_received"] > 0

    with connect(old_database) as connection:
        assert connection.execute(sa.text(f"SELECT * FROM {VERSION_TABLE}")).scalar_one() == head_revision()
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": VERSION_TABLE,
                "include_name": lambda name, kind, _: (
                    name not in TURN_NAMES if kind == "table" else kind != "schema" or name in {None, ARCHIVE_SCHEMA}
                ),
                "include_schemas": True,
            },
        )
        assert compare_metadata(context, SQLModel.metadata) == []
