"""Opens psycopg2 connections with the settings of a session, and refuses poolers that would lose them."""

import select
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import psycopg2
import sqlalchemy as sa
from psycopg2.extensions import POLL_OK, POLL_READ, POLL_WRITE
from psycopg2.extensions import connection as Connection  # noqa: N812
from sqlalchemy import URL, Engine

from pipelines.errors import ConfigurationError
from pipelines.postgres.url import describe, psycopg2_arguments

_SECOND_SECONDS = 5.0


def create_engine(url: URL, settings: Mapping[str, str], **options: Any) -> Engine:
    """Returns an engine whose connections have these settings, such as `search_path`."""
    return sa.create_engine("postgresql+psycopg2://", creator=lambda: open_connection(url, settings), **options)


def set_statements(settings: Mapping[str, str]) -> str:
    """Returns the statements that give a session its settings. PgBouncer refuses most of them at the login."""
    return "".join(f"SET {name} = '{value}'; " for name, value in settings.items())


def open_connection(url: URL, settings: Mapping[str, str]) -> Connection:
    """Opens a connection with these settings.

    Raises:
        ConfigurationError: a pooler in transaction mode is between us and the server.
        psycopg2.Error: the server cannot be reached, or refuses the login.
    """
    connection: Connection = psycopg2.connect(**psycopg2_arguments(url))
    connection.autocommit = True
    server_process = _server_process(connection)
    # Only a pooler answers in the name of another process than the one that serves the session.
    if server_process != connection.info.backend_pid and _shares_sessions(connection, url):
        connection.close()
        raise ConfigurationError(
            f"Database {describe(url)} is behind a connection pooler in transaction mode, which loses the settings of "
            "a session: use its session mode (Supabase: port 5432), or the server's own address (Neon: the host "
            "without `-pooler`)."
        )
    with connection.cursor() as cursor:
        cursor.execute(set_statements(settings))
    connection.autocommit = False
    return connection


def _server_process(connection: Connection) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone() or (0,)
        return int(pid)


def _shares_sessions(connection: Connection, url: URL) -> bool:
    """Whether the process that serves this connection also serves a second one, or changes.

    A pooler in session mode may let the second one wait until the first one is closed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET gamepulse.session = 'kept'")  # from then on Amazon's RDS Proxy keeps the process
    server_process = _server_process(connection)
    with closing(psycopg2.connect(**psycopg2_arguments(url), async_=1)) as second:
        deadline = time.monotonic() + _SECOND_SECONDS
        if not _is_ready(second, deadline):
            return False
        cursor = second.cursor()
        cursor.execute("SELECT pg_backend_pid()")
        if not _is_ready(second, deadline):
            return False
        return cursor.fetchone() == (server_process,) or _server_process(connection) != server_process


def _is_ready(connection: Connection, deadline: float) -> bool:
    while (state := connection.poll()) != POLL_OK:
        reading = [connection] if state == POLL_READ else []
        writing = [connection] if state == POLL_WRITE else []
        if not any(select.select(reading, writing, [], max(0.0, deadline - time.monotonic()))):
            return False
    return True
