"""A real PostgreSQL, a database of its own for each test, and an HTTP server that answers what a test says."""

import asyncio
import itertools
import os
import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from support.api import Api
from support.postgres_servers import Choice, serving, settings_for
from support.warehouse import Warehouse

from pipelines.postgres.database import migrate
from pipelines.postgres.sessions import Database
from pipelines.postgres.url import psycopg2_url
from pipelines.settings import Settings

# The process in the name: a server that outlives the tests may serve several runs at once.
TEMPLATE = f"gamepulse_test_{os.getpid()}"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server(postgres_choice: Choice, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.URL]:
    """The server of this test run: the one place that knows where it is."""
    with serving(postgres_choice, lambda: tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def administrator(postgres_server: sa.URL) -> Iterator[sa.Engine]:
    """Creates and drops databases."""
    engine = sa.create_engine(psycopg2_url(postgres_server, "public"), isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def template(postgres_server: sa.URL, administrator: sa.Engine) -> Iterator[str]:
    """A migrated database without games, to be copied."""
    with administrator.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {TEMPLATE}"))
    migrate(settings_for(postgres_server.set(database=TEMPLATE)))
    yield TEMPLATE
    with administrator.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {TEMPLATE} WITH (FORCE)"))


@pytest.fixture
def new_database(postgres_server: sa.URL, administrator: sa.Engine) -> Iterator[Callable[..., sa.URL]]:
    """Makes databases that are gone after the test."""
    made: list[str] = []

    def create(template: str = "template0") -> sa.URL:
        name = f"{TEMPLATE}_{next(_numbers)}"
        with administrator.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
            connection.execute(sa.text(f"ALTER DATABASE {name} SET timezone = 'America/New_York'"))
        made.append(name)
        return postgres_server.set(database=name)

    yield create
    with administrator.connect() as connection:
        for name in made:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def database_url(new_database: Callable[..., sa.URL], template: str) -> sa.URL:
    """A migrated database without games, for this test alone."""
    return new_database(template)


@pytest.fixture
def settings(database_url: sa.URL) -> Settings:
    """Settings of that database, whatever the environment says."""
    return settings_for(database_url)


@pytest.fixture
def rows(database_url: sa.URL) -> Iterator[Callable[[str], list[dict[str, object]]]]:
    """Reads the test's database with a query of its own."""
    engine = sa.create_engine(psycopg2_url(database_url, "public"))

    def read(query: str) -> list[dict[str, object]]:
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.text(query)).mappings()]

    yield read
    engine.dispose()


@pytest.fixture
def api() -> Iterator[Api]:
    """The NCAA API as the test has it."""
    api = Api()
    thread = threading.Thread(target=api.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield api
    api.server.shutdown()
    thread.join()
    api.server.server_close()


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    """The test's database, to be filled by loading."""
    database = Database(settings)
    with asyncio.Runner() as runner:
        yield Warehouse(runner, database)
        runner.run(database.__aexit__(None, None, None))
