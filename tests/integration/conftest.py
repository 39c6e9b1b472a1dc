"""A PostgreSQL database per test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import sqlalchemy as sa
from support.databases import Databases
from support.postgres_servers import settings_for
from support.warehouse import Warehouse

from pipelines.postgres.url import psycopg2_url
from pipelines.settings import Settings


@pytest.fixture
def administrator(databases: Databases) -> sa.Engine:
    """Connects as the server's superuser."""
    return databases.administrator


@pytest.fixture
def new_database(databases: Databases) -> Iterator[Callable[[], sa.URL]]:
    """Creates empty databases without tables, dropped after the test."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(databases.temporary(migrated=False))


@pytest.fixture
def database_url(databases: Databases) -> Iterator[sa.URL]:
    """A migrated database without games."""
    with databases.temporary() as url:
        yield url


@pytest.fixture
def settings(database_url: sa.URL) -> Settings:
    """Settings of the test's database."""
    return settings_for(database_url)


@pytest.fixture
def rows(database_url: sa.URL) -> Iterator[Callable[[str], list[dict[str, object]]]]:
    """Queries the test's database."""
    engine = sa.create_engine(psycopg2_url(database_url, "public"))

    def read(query: str) -> list[dict[str, object]]:
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.text(query)).mappings()]

    yield read
    engine.dispose()


@pytest.fixture
def warehouse(database_url: sa.URL) -> Iterator[Warehouse]:
    """A warehouse on the test's database."""
    with Warehouse.connect(database_url) as warehouse:
        yield warehouse
