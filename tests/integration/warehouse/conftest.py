"""The database that the tests of the load share, one after the other."""

import asyncio
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from support.warehouse import Warehouse

from pipelines.postgres.sessions import Database
from pipelines.settings import Settings


@pytest.fixture(scope="package")
def shared_warehouse(postgres_server: sa.URL, administrator: sa.Engine, template: str) -> Iterator[Warehouse]:
    """One database and one connection for the tests of this folder."""
    with administrator.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE test_warehouse TEMPLATE {template}"))
    url = postgres_server.set(database="test_warehouse").render_as_string(hide_password=False)
    database = Database(Settings(database_url=SecretStr(url)))
    with asyncio.Runner() as runner:
        yield Warehouse(runner, database)
        runner.run(database.__aexit__(None, None, None))
    with administrator.connect() as connection:
        connection.execute(sa.text("DROP DATABASE test_warehouse WITH (FORCE)"))


@pytest.fixture
def warehouse(shared_warehouse: Warehouse) -> Warehouse:
    """Empty tables."""
    shared_warehouse.empty()
    return shared_warehouse
