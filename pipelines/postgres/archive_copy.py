"""Copies the archive, and the decisions of people, into a new database: what a replay starts from."""

import tempfile
from typing import Final

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import URL, Connection

from models.archive import ARCHIVE_TABLE_NAMES
from models.resolution import Resolution
from models.tables import table_name
from pipelines.errors import ArchiveError, ConfigurationError
from pipelines.postgres.database import connect, create_database, migrate, ready_database
from pipelines.postgres.url import describe
from pipelines.settings import Settings

_INPUT: Final = (*ARCHIVE_TABLE_NAMES, table_name(Resolution))
_SEQUENCES: Final = {"archive.sighting": "sighting_id", "resolution": "resolution_id"}


def copy_archive(settings: Settings, name: str) -> URL:
    """Copies archive and resolutions into the new or empty database `name` of the same server; returns its URL.

    Raises:
        ConfigurationError: `name` is the database in use.
        ArchiveError: the database holds games or answers already.
        DatabaseError: a database cannot be used, or not be created.
    """
    source = ready_database(settings)
    if name == source.database:
        raise ConfigurationError(f"{name} is the database in use: name another one, or leave --into out.")
    create_database(source, name)
    target = migrate(settings_of(settings, source.set(database=name)))
    with connect(source) as origin, connect(target) as copy:
        if copy.scalar(sa.text("SELECT EXISTS (SELECT FROM scoreboard) OR EXISTS (SELECT FROM archive.sighting)")):
            raise ArchiveError(f"Database {describe(target)} is not empty: name one that does not exist yet.")
        origin.execution_options(isolation_level="REPEATABLE READ")
        for table in _INPUT:
            _copy(origin, copy, table)
        for table, column in _SEQUENCES.items():
            copy.execute(
                sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column})) FROM {table}")  # noqa: S608
            )
        copy.commit()
    return target


def settings_of(settings: Settings, url: URL) -> Settings:
    """Returns the settings for another database of the same server."""
    database_url = SecretStr(url.render_as_string(hide_password=False))
    return settings.model_copy(update={"database_url": database_url, "gamepulse_simulate": False})


def _copy(origin: Connection, copy: Connection, table: str) -> None:
    with tempfile.TemporaryFile() as rows:
        for connection, direction in ((origin, "TO STDOUT"), (copy, "FROM STDIN")):
            rows.seek(0)
            driver_connection = connection.connection.driver_connection
            assert driver_connection is not None
            with driver_connection.cursor() as cursor:
                cursor.copy_expert(f"COPY {table} {direction} (FORMAT binary)", rows)
