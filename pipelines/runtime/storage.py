"""Dagster's storage in schema `dagster` of the database in use, configured by `dagster.yaml`.

Dagster reads a URL only from its own configuration. This class reads `Settings` instead, so that a fresh clone works
with nothing set. It relies on the constructor of `DagsterPostgresStorage`, on the engines of its parts and on how they
create their tables, which are private; tests cover them.
"""

import threading
from collections.abc import Mapping
from typing import Any, Final

import psycopg2
import sqlalchemy as sa
from dagster._config import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage
from dagster_postgres.utils import retry_pg_creation_fn, set_pg_statement_timeout
from psycopg2.errors import InsufficientPrivilege
from psycopg2.extensions import connection as Connection  # noqa: N812

from pipelines.errors import SchemaError
from pipelines.postgres.connections import open_connection
from pipelines.postgres.database import DAGSTER_SCHEMA, connect, dagster_url
from pipelines.postgres.errors import translate_error
from pipelines.postgres.url import describe
from pipelines.settings import Settings

# Dagster reads its timestamps, which have no time zone, as UTC; the database's zone is US Eastern.
_SESSION: Final = {"search_path": DAGSTER_SCHEMA, "timezone": "UTC"}


class GamePulseStorage(DagsterPostgresStorage):
    """Keeps runs, events and ticks in the PostgreSQL of `Settings`, which is opened on first use.

    A process that starts while the database is away, such as a code server, works once the database is back.
    """

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "GamePulseStorage":
        storage = cls("postgresql+psycopg2://", should_autocreate_tables=False, inst_data=inst_data)
        storage._share_an_engine()
        return storage

    def _share_an_engine(self) -> None:
        """Pools connections: Dagster opens one for every read and write, 130 in the run of one date."""
        self._url: sa.URL | None = None
        self._lock = threading.RLock()
        engine = sa.create_engine(
            "postgresql+psycopg2://",
            creator=self._open,
            isolation_level="AUTOCOMMIT",
            pool_size=1,
            max_overflow=-1,
            pool_pre_ping=True,
        )

        def limit_statements(statement_timeout: int, pool_recycle: int, max_overflow: int) -> None:
            """Replaces the webserver's own pool, which does not notice a restart of the server."""
            sa.event.listen(engine, "connect", lambda opened, _: set_pg_statement_timeout(opened, statement_timeout))
            engine.dispose()

        for part in (self._run_storage, self._event_log_storage, self._schedule_storage):
            part._engine = engine
            part.optimize_for_webserver = limit_statements  # type: ignore[method-assign]
        # Dagster reads the columns of `runs` from the catalog for each run that it looks up. They only ever appear.
        has_columns = self._run_storage.has_run_stats_index_cols
        self._has_run_stats = False

        def has_run_stats_index_cols() -> bool:
            self._has_run_stats = self._has_run_stats or has_columns()
            return self._has_run_stats

        self._run_storage.has_run_stats_index_cols = has_run_stats_index_cols  # type: ignore[method-assign]
        # An instance disposes of its run storage, whose own method does nothing.
        self._run_storage.dispose = engine.dispose  # type: ignore[method-assign]

    def _open(self) -> Connection:
        with self._lock:
            if self._url is None:
                url = dagster_url(Settings())
                try:
                    connection = open_connection(url, _SESSION)
                except psycopg2.Error as error:  # which Dagster would try again, with a warning of its own
                    raise translate_error(url, error) from None
                if _has_tables(connection):
                    self._url = url
                    return connection
                connection.close()
                _create_schema(url)
                self._url = url
                try:
                    self._create_tables()
                except BaseException:
                    self._url = None
                    raise
        return open_connection(self._url, _SESSION)

    def _create_tables(self) -> None:
        """Creates the tables that are missing, as the constructors of the three parts do."""
        runs, events, schedules = self._run_storage, self._event_log_storage, self._schedule_storage
        present = set(sa.inspect(runs._engine).get_table_names())
        if "runs" not in present:
            retry_pg_creation_fn(runs._init_db)
            runs.migrate()
            runs.optimize()
        if "event_logs" not in present:
            retry_pg_creation_fn(events._init_db)
            events.reindex_events()
            events.reindex_assets()
        if "jobs" not in present:
            retry_pg_creation_fn(schedules._init_db)


def _has_tables(connection: Connection) -> bool:
    """Returns whether the tables of all three parts exist; a run asks once, on the connection that it keeps."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(to_regclass(name) IS NOT NULL) FROM unnest(%s) AS name",
            ([f"{DAGSTER_SCHEMA}.{table}" for table in ("runs", "event_logs", "jobs")],),
        )
        [(found,)] = cursor.fetchall()
        return bool(found)


def _create_schema(url: sa.URL) -> None:
    """Creates Dagster's schema on a server of its own; in the app's database `gamepulse migrate` has created it."""
    with connect(url) as connection:
        if connection.scalar(sa.text("SELECT to_regnamespace(:schema)"), {"schema": DAGSTER_SCHEMA}) is not None:
            return
        try:
            connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {DAGSTER_SCHEMA}"))
            connection.commit()
        except sa.exc.ProgrammingError as error:
            if not isinstance(error.orig, InsufficientPrivilege):
                raise
            raise SchemaError(
                f"{url.username} may not create schema {DAGSTER_SCHEMA} in database {describe(url)}: have its owner "
                f'run CREATE SCHEMA {DAGSTER_SCHEMA} AUTHORIZATION "{url.username}".'
            ) from None
