"""`gamepulse record` and `gamepulse simulate --recorded`: a bug report is one file."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.builders import day
from support.databases import Databases
from support.postgres_servers import settings_for
from support.warehouse import Warehouse
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.errors import GamePulseError
from pipelines.ingest import ingest_date, ingest_date_details
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.recording import read_recordings
from pipelines.postgres.sessions import Database
from pipelines.seasons import EASTERN
from simulator.options import Options
from simulator.server import Served, serving

DATE = day("2026-01-10")


@pytest.fixture
def api() -> Iterator[Served]:
    with serving(Options(now=dt.datetime(2026, 1, 10, 20, 0, tzinfo=EASTERN), speed=0)) as served:
        yield served


def record(database: sa.URL, api: Served, *arguments: object) -> tuple[int, str]:
    variables = {
        "DATABASE_URL": database.render_as_string(hide_password=False),
        "NCAA_API_URL": api.url,
        "GAMEPULSE_SIMULATE": "0",
    }
    result = CliRunner().invoke(app, ["record", str(DATE), *map(str, arguments)], env=variables)
    return result.exit_code, result.output


def load(database: sa.URL, api: Served) -> None:
    async def run() -> None:
        async with Database(settings_for(database)) as sessions, NcaaClient(api.url) as client:
            await ingest_date(DATE, MENS_BASKETBALL, client, sessions)

    asyncio.run(run())


def games(database: sa.URL) -> list[dict[str, object]]:
    with Warehouse.connect(database) as warehouse:
        return warehouse.tables()["fact_game"]


def test_a_recorded_date_loads_as_the_api_served_it(
    database_url: sa.URL, databases: Databases, api: Served, tmp_path: Path
) -> None:
    assert record(database_url, api, "--to", tmp_path) == (0, f"{tmp_path / '2026-01-10.json'}: 2 answers.\n")
    load(database_url, api)
    with serving(Options(recorded=tmp_path)) as recorded, databases.temporary() as other:
        load(other, recorded)
        assert games(other) == games(database_url)
        assert len(games(other)) > 100

    api.simulator.faults.set({"html": {}})
    code, output = record(database_url, api, "--to", tmp_path)
    assert (code, "Refused: " in output) == (0, True)


def test_the_archive_of_a_date_is_played_again_by_the_clock(
    database_url: sa.URL, databases: Databases, api: Served, tmp_path: Path
) -> None:
    load(database_url, api)
    early = games(database_url)
    api.simulator.faults.set({"html": {"times": 1}})
    with pytest.raises(GamePulseError, match="HTML"):
        load(database_url, api)
    api.simulator.clock.set(dt.datetime(2026, 1, 11, 3, 0, tzinfo=EASTERN), 0)
    load(database_url, api)

    code, output = record(database_url, api, "--archived", "--to", tmp_path)
    assert code == 0
    assert "Refused: " in output
    first, refused, last = [answer for answer in read_recordings(tmp_path) if answer.endpoint == "scoreboard"]
    assert (refused.outcome, refused.body[:1]) == ("refused", b"<")
    options = Options(recorded=tmp_path, now=first.first_fetched_at, speed=0)
    with serving(options) as recorded, databases.temporary() as other:
        load(other, recorded)
        assert games(other) == early
        recorded.simulator.clock.set(refused.first_fetched_at, 0)
        with pytest.raises(GamePulseError, match="HTML"):
            load(other, recorded)
        recorded.simulator.clock.set(last.first_fetched_at, 0)
        load(other, recorded)
        assert games(other) == games(database_url) != early


def test_an_archived_date_has_the_details_of_its_games(database_url: sa.URL, api: Served, tmp_path: Path) -> None:
    api.simulator.clock.set(dt.datetime(2026, 1, 11, 3, 0, tzinfo=EASTERN), 0)
    load(database_url, api)
    [number] = [int(str(game["game_id"]).removeprefix("ncaam_")) for game in games(database_url)[:1]]

    async def details(url: str) -> bytes:
        async with Database(settings_for(database_url)) as sessions, NcaaClient(url) as client:
            await ingest_date_details(DATE, [number], MENS_BASKETBALL, client, sessions)
            return (await client.game_details(number)).body

    served = asyncio.run(details(api.url))
    assert record(database_url, api, "--archived", "--to", tmp_path)[0] == 0
    with serving(Options(recorded=tmp_path)) as recorded:
        assert asyncio.run(details(recorded.url)) == served


def test_a_date_that_nobody_asked_for_is_not_in_the_archive(database_url: sa.URL, api: Served, tmp_path: Path) -> None:
    code, output = record(database_url, api, "--archived", "--to", tmp_path)
    assert (code, output) == (1, "There is no answer about 2026-01-10 in the archive.\n")
    assert list(tmp_path.iterdir()) == []
