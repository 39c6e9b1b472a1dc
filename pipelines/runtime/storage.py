"""Dagster's storage in schema `dagster` of the database in use, configured by `dagster.yaml`.

Dagster reads a URL only from its own configuration. This class reads `Settings` instead, so that a fresh clone works
with nothing set. It relies on the constructor of `DagsterPostgresStorage` and on the engines of its parts, which are
private; tests cover them.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from dagster._config import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage
from dagster_postgres.utils import set_pg_statement_timeout

from pipelines.postgres.database import dagster_url
from pipelines.settings import Settings


class GamePulseStorage(DagsterPostgresStorage):
    """Keeps runs, events and ticks in the PostgreSQL of `Settings`."""

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "GamePulseStorage":
        url = dagster_url(Settings())
        storage = cls(postgres_url=url.render_as_string(hide_password=False), inst_data=inst_data)
        storage._keep_a_connection()
        return storage

    def _keep_a_connection(self) -> None:
        """Pools connections: Dagster opens one for every read and write, 130 in the run of one date."""
        engine = sa.create_engine(
            self.postgres_url, isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=-1, pool_pre_ping=True
        )

        def limit_statements(statement_timeout: int, pool_recycle: int, max_overflow: int) -> None:
            """Replaces the webserver's own pool, which does not notice a restart of the server."""
            sa.event.listen(engine, "connect", lambda opened, _: set_pg_statement_timeout(opened, statement_timeout))
            engine.dispose()

        for part in (self._run_storage, self._event_log_storage, self._schedule_storage):
            part._engine = engine
            part.optimize_for_webserver = limit_statements  # type: ignore[method-assign]
        # An instance disposes of its run storage, whose own method does nothing.
        self._run_storage.dispose = engine.dispose  # type: ignore[method-assign]
