"""Which database the settings name, and what is created for it."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from pipelines.postgres import database
from pipelines.postgres.database import connect, dagster_url, migrate, ready_database
from pipelines.settings import Settings

SIMULATED = "gamepulse_test_simulated"


@pytest.fixture
def simulated(database_url: sa.URL, administrator: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of the simulated games beside the test's database."""
    monkeypatch.setattr(database, "SIMULATED_DATABASE", SIMULATED)
    url = SecretStr(database_url.render_as_string(hide_password=False))
    yield Settings(database_url=url, dagster_database_url=url, gamepulse_simulate=True, gamepulse_simulator_port=8766)
    with administrator.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {SIMULATED} WITH (FORCE)"))


def test_simulated_games_have_an_api_and_a_migrated_database_of_their_own(
    simulated: Settings, database_url: sa.URL
) -> None:
    assert simulated.ncaa_api_url == "http://127.0.0.1:8766"
    for _ in range(2):
        assert ready_database(simulated) == migrate(simulated) == database_url.set(database=SIMULATED)
    with connect(ready_database(simulated)) as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM fact_game")) == 0


def test_a_database_of_ours_is_eastern_on_any_server_and_gives_others_no_temporary_tables(
    simulated: Settings,
) -> None:
    with connect(migrate(simulated)) as connection:
        settings = """
            SELECT setconfig FROM pg_db_role_setting JOIN pg_database ON setdatabase = pg_database.oid
            WHERE datname = current_database()"""
        assert connection.scalar(sa.text(settings)) == ["TimeZone=America/New_York"]
        privileges = "SELECT CAST(datacl AS text) FROM pg_database WHERE datname = current_database()"
        # `=c`: PUBLIC may connect, and make no (`T`) temporary tables.
        assert "{=c/" in connection.scalar(sa.text(privileges))


def test_dagsters_tables_of_simulated_games_are_beside_them(simulated: Settings) -> None:
    assert dagster_url(simulated).database == SIMULATED
