"""One database for all tests of the load; creating one per test would take longer than the tests."""

from collections.abc import Iterator

import pytest
from support.databases import Databases
from support.warehouse import Warehouse


@pytest.fixture(scope="package")
def shared_warehouse(databases: Databases) -> Iterator[Warehouse]:
    """One database and one connection for the tests of this folder."""
    with databases.temporary() as url, Warehouse.connect(url) as warehouse:
        yield warehouse


@pytest.fixture
def warehouse(shared_warehouse: Warehouse) -> Warehouse:
    """The shared warehouse, emptied."""
    shared_warehouse.empty()
    return shared_warehouse
