"""Which database is in use, and that it is ready: the one place that knows where the server is."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import command
from sqlalchemy import URL, Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from models.migrations import VERSION_TABLE, alembic_config, head_revision
from models.tables import TABLE_NAMES
from pipelines.errors import (
    DatabaseBusyError,
    DatabaseError,
    DatabaseRefusedError,
    DatabaseUnreachableError,
    SchemaError,
)
from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.url import libpq_url, psycopg2_url, with_password
from pipelines.settings import Settings

DAGSTER_SCHEMA = "dagster"
APP_DATABASE = "gamepulse"
SIMULATED_DATABASE = "gamepulse_simulated"
MIGRATION_LOCK = 4_617_365  # any number, the same for all processes


def ready_database(settings: Settings) -> URL:
    """The app's database, its tables at this code's revision.

    With `DATABASE_URL` unset the embedded server is started, or found running, and migrated.

    Raises:
        DatabaseError: unreachable, refused, or its tables are not those of this code.
    """
    url = target_database(settings)
    if settings.database_url is None and _revision_of(url) != head_revision():
        migrate(url)
    else:
        _require_head(url)
    return url


def target_database(settings: Settings) -> URL:
    """The app's database, whatever state its tables are in; the embedded one is made where it is not there yet."""
    if settings.database_url is not None:
        return with_password(libpq_url(settings.database_url.get_secret_value()), settings)
    server = libpq_url(embedded_server(settings).ensure_running())
    _create_database(server, APP_DATABASE)
    return server.set(database=APP_DATABASE)


def simulated_database(settings: Settings) -> URL:
    """The database for simulated games beside the app's, on the same server; made where it is not there yet."""
    server = target_database(settings)
    _create_database(server, SIMULATED_DATABASE)
    return server.set(database=SIMULATED_DATABASE)


def embedded_server(settings: Settings) -> EmbeddedPostgres:
    """The server for machines with no `DATABASE_URL`; its data live in the project's folder."""
    return EmbeddedPostgres(settings.gamepulse_home / "postgres")


def migrate(url: URL) -> str:
    """Brings the app's tables to this code's revision, and makes room for Dagster's; gives the revision.

    Everything in one transaction, one process at a time; at the head already, it changes nothing.

    Raises:
        SchemaError: the database is newer than the code, or has tables of these names that it did not make.
    """
    with connect(url) as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        revision = _revision(connection)
        _refuse_newer(revision)
        if revision is None:
            _refuse_strangers(connection, url)
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {DAGSTER_SCHEMA}"))
        connection.commit()
    return head_revision()


def _require_head(url: URL) -> None:
    revision = _revision_of(url)
    _refuse_newer(revision)
    if revision != head_revision():
        state = "has no tables yet" if revision is None else f"is at revision {revision}"
        raise SchemaError(
            f"Database {describe(url)} {state}, and this code needs {head_revision()}: run `gamepulse migrate`."
        )


def _revision_of(url: URL) -> str | None:
    with connect(url) as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    if connection.scalar(sa.text("SELECT to_regclass(:table)"), {"table": f"public.{VERSION_TABLE}"}) is None:
        return None
    revision: str | None = connection.scalar(sa.text(f"SELECT version_num FROM public.{VERSION_TABLE}"))  # noqa: S608
    return revision


def _refuse_newer(revision: str | None) -> None:
    # Revisions are numbered, so that an older code recognizes a newer database.
    if revision is not None and revision > head_revision():
        raise SchemaError(
            f"The database is at revision {revision}, newer than this code's {head_revision()}: update the code."
        )


def _refuse_strangers(connection: Connection, url: URL) -> None:
    present = sa.inspect(connection).get_table_names(schema="public")
    strangers = sorted(set(TABLE_NAMES) & set(present))
    if strangers:
        raise SchemaError(
            f"Database {describe(url)} has tables named {', '.join(strangers)} that `gamepulse migrate` did not make: "
            "give GamePulse a database of its own, or rename them. Nothing was changed."
        )


def _create_database(server: URL, name: str) -> None:
    with connect(server) as connection:
        if connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
            return
        connection.rollback()
        try:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text(f'CREATE DATABASE "{name}"'))
        except DBAPIError as error:
            if getattr(error.orig, "pgcode", None) in {"42P04", "23505"}:  # another process made it
                return
            raise translate_error(server, error) from None


@contextmanager
def connect(url: URL) -> Iterator[Connection]:
    """A connection whose unqualified names are the app's.

    Raises:
        DatabaseError: the database cannot be reached, or it refused.
    """
    engine = create_engine(psycopg2_url(url, "public"), poolclass=NullPool, connect_args={"connect_timeout": 10})
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise translate_error(url, error) from None


def translate_error(url: URL, error: Exception) -> DatabaseError:
    """The error of the pipeline for an error of a driver: what happened, where, and what to do."""
    original = getattr(error, "orig", None) or error
    # SQLAlchemy's asyncpg adapter keeps the driver's error as the cause of its own.
    original = original.__cause__ or original
    state = str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")
    said = (str(original).strip().splitlines() or [type(original).__name__])[0].strip()
    where = f"Database {describe(url)}"
    refused = state[:2] in _REFUSALS or any(sign in said for sign in ("authentication failed", "does not exist"))
    if refused and not state.startswith("42"):
        return DatabaseRefusedError(
            f"{where} refused the connection: {said}. Check user, password and database name in DATABASE_URL."
        )
    if state in {"55P03", "57014", "25P03"}:  # lock_timeout, statement_timeout, idle_in_transaction_session_timeout
        return DatabaseBusyError(f"{where} was too slow: {said}. Another session may be stuck; see pg_stat_activity.")
    if not state or state[:2] in _BREAKDOWNS:
        return DatabaseUnreachableError(f"{where} cannot be reached: {said}. Is it running, is DATABASE_URL right?")
    return DatabaseError(f"{where} refused a statement ({state}): {said}.")


_REFUSALS = {"28", "3D"}  # invalid authorization, invalid catalog name
_BREAKDOWNS = {"08", "53", "57", "58"}  # connection, resources, shutdown, system


def describe(url: URL) -> str:
    """Where it is and as whom, without the password."""
    return f"{url.database!r} at {url.host or 'localhost'}:{url.port or 5432} as {url.username or 'the default user'}"
