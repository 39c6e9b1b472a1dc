"""Dagster's own storage, in schema `dagster` of the database in use. Named by `dagster.yaml`.

Dagster resolves a URL only from its own configuration; this class asks our settings instead, so that a fresh clone
works with nothing set. It leans on `DagsterPostgresStorage`'s constructor and on the engines of its parts, which are
not public: tests hold them.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from dagster._config import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage
from dagster_postgres.utils import set_pg_statement_timeout

from pipelines.postgres.database import DAGSTER_SCHEMA, ready_database
from pipelines.postgres.url import libpq_url, psycopg2_url, with_password
from pipelines.settings import Settings


def dagster_url(settings: Settings) -> sa.URL:
    """Where Dagster logs in: `DAGSTER_DATABASE_URL`, or else as the app does, with its schema as the search path."""
    url = ready_database(settings)
    if settings.dagster_database_url is not None:
        login = with_password(libpq_url(settings.dagster_database_url.get_secret_value()), settings)
        url = login.set(database=url.database) if settings.gamepulse_simulate else login
    # Dagster reads its timestamps, which have no zone, as UTC; the database's own clock is Eastern.
    return psycopg2_url(url, DAGSTER_SCHEMA, timezone="UTC")


class GamePulseStorage(DagsterPostgresStorage):
    """Runs, events and ticks in PostgreSQL, wherever `Settings` says that is."""

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
        """Dagster opens a connection for each thing that it reads or writes: 130 in the run of one date."""
        engine = sa.create_engine(
            self.postgres_url, isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=-1, pool_pre_ping=True
        )

        def limit_statements(statement_timeout: int, pool_recycle: int, max_overflow: int) -> None:
            """What Dagster's webserver asks for; its own pool would not notice that the server was restarted."""
            sa.event.listen(engine, "connect", lambda opened, _: set_pg_statement_timeout(opened, statement_timeout))
            engine.dispose()

        for part in (self._run_storage, self._event_log_storage, self._schedule_storage):
            part._engine = engine
            part.optimize_for_webserver = limit_statements  # type: ignore[method-assign]
        # The part that an instance disposes of at its end, and that has nothing of its own to do there.
        self._run_storage.dispose = engine.dispose  # type: ignore[method-assign]
