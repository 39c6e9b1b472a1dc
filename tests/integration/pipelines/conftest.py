"""Tables that a test fills by loading."""

import asyncio
from collections.abc import Iterator

import pytest
from support.warehouse import Warehouse

from pipelines.settings import Settings
from pipelines.warehouse.database import Database


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    """The test's database."""
    database = Database(settings)
    with asyncio.Runner() as runner:
        yield Warehouse(runner, database)
        runner.run(database.__aexit__(None, None, None))
