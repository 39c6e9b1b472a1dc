"""Which database is in use, and that it is ready: the one place that knows where the server is."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import command
from sqlalchemy import URL, Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError

from models.migrations import VERSION_TABLE, alembic_config, head_revision
from pipelines.errors import DatabaseRefusedError, DatabaseUnreachableError, SchemaError
from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.url import libpq_url, psycopg2_url
from pipelines.settings import Settings

DAGSTER_SCHEMA = "dagster"
APP_DATABASE = "gamepulse"
TABLES = ("dim_date", "dim_team", "fact_game", "scoreboard", "rejected_game")
MIGRATION_LOCK = 4_617_365  # any number, the same for all processes


def ready_database(settings: Settings) -> URL:
    """The app's database, its tables at this code's revision.

    With `DATABASE_URL` unset the embedded server is started, or found running, and migrated.

    Raises:
        DatabaseError: unreachable, refused, or its tables are not those of this code.
    """
    if settings.database_url is not None:
        url = libpq_url(settings.database_url.get_secret_value())
        _require_head(url)
        return url
    server = libpq_url(embedded_server(settings).ensure_running())
    url = server.set(database=APP_DATABASE)
    if _revision_of_embedded(url) != head_revision():
        _create_database(server, APP_DATABASE)
        migrate(url)
    return url


def embedded_server(settings: Settings) -> EmbeddedPostgres:
    """The server for machines with no `DATABASE_URL`; its data live in the project's folder."""
    return EmbeddedPostgres(settings.gamepulse_home / "postgres")


def migrate(url: URL) -> str:
    """Brings the app's tables to this code's revision, and makes room for Dagster's; gives the revision.

    Everything in one transaction, one process at a time; at the head already, it changes nothing.

    Raises:
        SchemaError: the database is newer than the code, or has tables of these names that it did not make.
    """
    with _connect(url) as connection:
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
    with _connect(url) as connection:
        revision = _revision(connection)
    _refuse_newer(revision)
    if revision != head_revision():
        state = "has no tables yet" if revision is None else f"is at revision {revision}"
        raise SchemaError(
            f"Database {_describe(url)} {state}, and this code needs {head_revision()}: run `gamepulse migrate`."
        )


def _revision_of_embedded(url: URL) -> str | None:
    """None also where the database does not exist yet."""
    try:
        with _connect(url) as connection:
            return _revision(connection)
    except DatabaseRefusedError as error:
        if "does not exist" in str(error):
            return None
        raise


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
    strangers = sorted(set(TABLES) & set(present))
    if strangers:
        raise SchemaError(
            f"Database {_describe(url)} has tables named {', '.join(strangers)} that `gamepulse migrate` did not make: "
            "give GamePulse a database of its own, or rename them. Nothing was changed."
        )


def _create_database(server: URL, name: str) -> None:
    engine = create_engine(psycopg2_url(server, "public"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        exists = connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name})
        if not exists:
            try:
                connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
            except DBAPIError as error:
                if getattr(error.orig, "pgcode", None) not in {"42P04", "23505"}:  # another process made it
                    raise


@contextmanager
def _connect(url: URL) -> Iterator[Connection]:
    engine = create_engine(psycopg2_url(url, "public"), poolclass=NullPool, connect_args={"connect_timeout": 10})
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as error:
        raise connection_error(url, str(error.orig)) from None


def connection_error(url: URL, answer: str) -> DatabaseUnreachableError | DatabaseRefusedError:
    """The sentence for a connection that failed with the server's or the driver's `answer`."""
    said = answer.strip().splitlines()[-1].strip() if answer.strip() else "no answer"
    refused = any(word in answer for word in ("authentication", "does not exist", "permission denied", "no pg_hba"))
    if refused:
        return DatabaseRefusedError(
            f"Database {_describe(url)} refused the connection: {said}. Check user, password and name in DATABASE_URL."
        )
    return DatabaseUnreachableError(
        f"Database {_describe(url)} cannot be reached: {said}. Is it running, and is DATABASE_URL right?"
    )


def _describe(url: URL) -> str:
    """Where it is and as whom, without the password."""
    return f"{url.database!r} at {url.host or 'localhost'}:{url.port or 5432} as {url.username or 'the default user'}"
