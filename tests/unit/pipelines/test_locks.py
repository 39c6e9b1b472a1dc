"""Advisory locks are numbers without names: two purposes must not share one."""

from pipelines.ncaa.rate_limit import API_LOCK
from pipelines.postgres.database import MIGRATION_LOCK
from pipelines.warehouse.load import LOAD_LOCK


def test_migrations_loads_and_the_api_limit_have_different_locks() -> None:
    assert len({MIGRATION_LOCK, LOAD_LOCK, API_LOCK}) == 3
