"""Finds the database in use and migrates it. The only module that knows where the server is."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import URL, Connection, NullPool
from sqlalchemy.exc import DBAPIError

from models.game_text import EASTERN
from models.migrations import VERSION_TABLE, alembic_config, head_revision
from models.turns import TURN_NAMES, take_turn
from pipelines.errors import EmbeddedPostgresError, SchemaError
from pipelines.postgres.connections import create_engine
from pipelines.postgres.embedded import EmbeddedPostgres, rotate_log
from pipelines.postgres.errors import translate_error
from pipelines.postgres.url import describe, libpq_url, with_password
from pipelines.settings import Settings

DAGSTER_SCHEMA = "dagster"
APP_DATABASE = "gamepulse"
SIMULATED_DATABASE = "gamepulse_simulated"
MIGRATION_WAIT = "60s"
"""How long a migration waits for a lock, such as that of a reader's open transaction."""
_FIRST_MIGRATION = 4_617_365  # any number, the same for all processes


def ready_database(settings: Settings) -> URL:
    """Returns the URL of the app's database, with its tables at this code's revision.

    A database of this machine or of simulated games is created and migrated where necessary; a database at
    `DATABASE_URL` must be migrated already.

    Raises:
        DatabaseError: the database is unreachable, refuses the login, or has tables of another revision.
    """
    url = database_url(settings)
    revision = _revision_of(url)
    if revision == head_revision():
        return url
    if settings.database_url is None or settings.gamepulse_simulate:
        return migrate(settings)
    _refuse_newer(revision)
    state = "has no tables yet" if revision is None else f"is at revision {revision}"
    raise SchemaError(
        f"Database {describe(url)} {state}, and this code needs {head_revision()}: run `gamepulse migrate`."
    )


def dagster_url(settings: Settings) -> URL:
    """Returns the URL of `DAGSTER_DATABASE_URL`, or else of the app's database.

    Raises:
        GamePulseError: the app's database cannot be used, or a URL is wrong.
    """
    url = ready_database(settings)
    if settings.dagster_database_url is None:
        return url
    text = settings.dagster_database_url.get_secret_value()
    login = with_password(libpq_url(text, "DAGSTER_DATABASE_URL"), settings)
    if not settings.gamepulse_simulate:
        return login
    assert url.database is not None
    create_database(login, url.database)  # absent where Dagster has a server of its own
    return login.set(database=url.database)


def migrate(settings: Settings) -> URL:
    """Brings the app's tables to this code's revision and creates Dagster's schema; returns the database's URL.

    One transaction, one process at a time. At the head revision it changes nothing.

    Raises:
        SchemaError: the database is newer than the code, or has tables of the same names from elsewhere.
    """
    from alembic import command  # imported by migrations alone

    url = database_url(settings)
    with connect(url) as connection:
        take_migration_turn(connection)
        revision = _revision(connection)
        _refuse_newer(revision)
        if revision is None:
            _refuse_foreign_tables(connection, url)
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {DAGSTER_SCHEMA}"))
        connection.commit()
    return url


def attend_server(settings: Settings, url: URL) -> bool:
    """Starts the embedded server again if it has ended, and rotates its log; returns whether it had ended.

    Raises:
        EmbeddedPostgresError: it does not start, or only on another port than that of `url`.
    """
    if settings.database_url is not None:
        return False
    server = EmbeddedPostgres(settings.embedded_home)
    rotate_log(server.log)
    if server.is_running():
        return False
    port = libpq_url(server.ensure_running()).port
    if port != url.port:
        raise EmbeddedPostgresError(
            f"The database server had ended, another program took its port {url.port}, and it was started again on "
            f"port {port}: run `gamepulse up` again."
        )
    return True


def database_url(settings: Settings) -> URL:
    """Returns the URL of the database in use; creates the databases that are ours to create, without tables."""
    server, name = locate_database(settings)
    if name != server.database:
        create_database(server, name)
    return server.set(database=name)


def locate_database(settings: Settings) -> tuple[URL, str]:
    """Returns the URL of a database that exists, and the name of the database in use, which may not exist yet.

    Starts the embedded server where no `DATABASE_URL` is set.
    """
    if settings.database_url is None:
        server = libpq_url(EmbeddedPostgres(settings.embedded_home).ensure_running())
        name = APP_DATABASE
    else:
        server = with_password(libpq_url(settings.database_url.get_secret_value()), settings)
        if server.password is None and settings.database_password is not None:
            server = server.set(password=settings.database_password.get_secret_value())
        name = str(server.database)
    return server, SIMULATED_DATABASE if settings.gamepulse_simulate else name


def _revision_of(url: URL) -> str | None:
    with connect(url) as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    # Not by to_regclass, which within a transaction does not see a table made after it was asked first.
    query = "SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tablename = :table"
    if connection.scalar(sa.text(query), {"table": VERSION_TABLE}) is None:
        return None
    revision: str | None = connection.scalar(sa.text(f"SELECT version_num FROM public.{VERSION_TABLE}"))  # noqa: S608
    return revision


def take_migration_turn(connection: Connection) -> None:
    """Waits until no other process migrates this database; in force until the transaction ends.

    A role that only reads could hold up an advisory lock, so it is taken only while there is no table to lock.
    """
    connection.execute(sa.text(f"SET LOCAL lock_timeout = '{MIGRATION_WAIT}'"))
    if _revision(connection) is None:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _FIRST_MIGRATION})
    if _revision(connection) is not None:
        connection.execute(sa.text(take_turn(f"public.{VERSION_TABLE}")))


def _refuse_newer(revision: str | None) -> None:
    # Revisions are numbered, so that older code recognizes a newer database.
    if revision is not None and revision > head_revision():
        raise SchemaError(
            f"The database is at revision {revision}, newer than this code's {head_revision()}: update the code."
        )


def _refuse_foreign_tables(connection: Connection, url: URL) -> None:
    from models.tables import TABLE_NAMES  # imports SQLModel, which most commands do not need

    present = sa.inspect(connection).get_table_names(schema="public")
    foreign = sorted({*TABLE_NAMES, *TURN_NAMES} & set(present))
    if foreign:
        raise SchemaError(
            f"Database {describe(url)} has tables named {', '.join(foreign)} that `gamepulse migrate` did not make: "
            "give GamePulse a database of its own, or rename them. Nothing was changed."
        )


def create_database(server: URL, name: str) -> None:
    """Creates a database without tables on a server where it does not exist. Raises `DatabaseError`."""
    with connect(server) as connection:
        if connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
            return
        connection.rollback()
        try:
            ours = connection.execution_options(isolation_level="AUTOCOMMIT")
            ours.execute(sa.text(f'CREATE DATABASE "{name}"'))
            # CURRENT_DATE is the US Eastern date, by which games are listed, whatever the server's zone.
            ours.execute(sa.text(f"ALTER DATABASE \"{name}\" SET timezone = '{EASTERN.key}'"))
            # Otherwise every role, a reader too, can fill the disk.
            ours.execute(sa.text(f'REVOKE TEMPORARY ON DATABASE "{name}" FROM PUBLIC'))
        except DBAPIError as error:
            if getattr(error.orig, "pgcode", None) in {"42P04", "23505"}:  # another process created it
                return
            raise translate_error(server, error) from None


def drop_database(server: URL, name: str) -> None:
    """Drops a database where it exists, also one with sessions."""
    with connect(server) as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        autocommit.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


@contextmanager
def connect(url: URL) -> Iterator[Connection]:
    """Opens a connection with schema `public` as its search path.

    Raises:
        DatabaseError: the database cannot be reached, or it refused a login or a statement.
    """
    engine = create_engine(url, {"search_path": "public"}, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise translate_error(url, error) from None
