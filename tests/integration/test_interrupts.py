"""An interrupt during a load: what is committed is reported, and nothing else is loaded."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing

import pytest
import sqlalchemy as sa
from support.builders import at, day
from support.dagster_stack import until
from support.databases import Databases
from support.invariants import QUIET
from support.postgres_servers import settings_for
from support.season import playing
from support.tables import EMPTY_ALL, SLOW_COMMITS

from pipelines.errors import GamePulseError
from pipelines.ingest import ingest_dates, ingest_details
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect
from pipelines.postgres.sessions import Database
from pipelines.runtime.replay import replay_dates
from pipelines.warehouse.details import pending_details
from simulator.options import Options
from simulator.server import Served, serving

pytestmark = pytest.mark.parametrize("kind", ["dates", "details", "replay"])

NOW = at("2026-01-07 12:00")
DATES = [day(text) for text in ("2023-01-07", "2024-01-06", "2025-01-04", "2025-01-05", "2026-01-04", "2026-01-05")]
COMMITTING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
DETAILED = "SELECT DISTINCT game_date FROM game_detail JOIN fact_game USING (game_id)"


class Loads:
    """Loads of one kind, each of which takes 0.3 seconds to commit."""

    def __init__(self, kind: str, url: sa.URL, api: Served) -> None:
        self.kind, self.url, self.api = kind, url, api
        if kind != "dates":
            with playing(url, api, "2026-01-07 12:00") as player:
                player.load("2026-01-07 12:00", DATES)
        if kind == "replay":
            self.query(EMPTY_ALL)
        self.query(SLOW_COMMITS.format(table="game_detail" if kind == "details" else "scoreboard"))

    def query(self, sql: str) -> set[object]:
        with connect(self.url) as connection:
            result = connection.execute(sa.text(sql))
            found = set(result.scalars()) if result.returns_rows else set()
            connection.commit()
        return found

    def loaded(self) -> set[object]:
        return self.query(DETAILED if self.kind == "details" else "SELECT game_date FROM scoreboard")

    def report(self, record: Callable[[], None]) -> set[object]:
        """Loads until the interrupt and returns the dates reported. `record` is called for each, as an asset does."""
        reported: set[object] = set()

        async def load() -> None:
            async with Database(settings_for(self.url)) as database, NcaaClient(self.api.url) as client:
                if self.kind == "replay":
                    loads = replay_dates(DATES, MENS_BASKETBALL, database)
                elif self.kind == "dates":
                    loads = ingest_dates(DATES, MENS_BASKETBALL, client, database, QUIET)
                else:
                    with connect(self.url) as connection:
                        pending = pending_details(connection, MENS_BASKETBALL.sport, DATES)
                    loads = ingest_details(pending, MENS_BASKETBALL, client, database, QUIET)
                async with aclosing(loads) as outcomes:
                    async for game_date, outcome in outcomes:
                        assert not isinstance(outcome, GamePulseError), outcome
                        record()
                        reported.add(game_date)

        with pytest.raises(KeyboardInterrupt):
            asyncio.run(load())
        return reported


@pytest.fixture
def loads(kind: str, databases: Databases) -> Iterator[Loads]:
    """As with Dagster, the signal is raised wherever the main thread happens to be."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with databases.temporary() as url, serving(Options(now=NOW, speed=0)) as api:
            yield Loads(kind, url, api)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_interrupt_during_a_commit_waits_until_it_is_reported(loads: Loads) -> None:
    def interrupt() -> None:
        until("a load commits", lambda: loads.query(COMMITTING), 20)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=interrupt)
    thread.start()
    reported = loads.report(lambda: None)
    thread.join()
    assert 1 <= len(reported) < len(DATES)
    assert loads.loaded() == reported


def test_an_interrupt_while_a_date_is_recorded_loads_none_that_is_not_reported(loads: Loads) -> None:
    reported = loads.report(lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert 1 <= len(reported) < len(DATES)
    assert loads.loaded() == reported
