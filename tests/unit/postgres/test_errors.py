"""Each state of a database is an error of its own, with a remedy that fits."""

import asyncpg
import psycopg2
import pytest
from sqlalchemy import make_url

from pipelines.errors import (
    DatabaseBusyError,
    DatabaseError,
    DatabaseFullError,
    DatabaseReadOnlyError,
    DatabaseRefusedError,
    DatabaseUnreachableError,
)
from pipelines.postgres.errors import translate_error

URL = make_url("postgresql://me:hunter2@db.example.org/games")
FATAL = 'connection to server at "db.example.org", port 5432 failed: FATAL:  '

STATES: list[tuple[Exception, type[DatabaseError], str]] = [
    (
        asyncpg.DiskFullError("could not extend file: No space left on device"),
        DatabaseFullError,
        "is out of disk space",
    ),
    (
        psycopg2.OperationalError(f"{FATAL}could not write init file: No space left on device"),
        DatabaseFullError,
        "Free",
    ),
    (asyncpg.InternalServerError("could not write: Disk quota exceeded"), DatabaseFullError, "Free some space"),
    (asyncpg.TooManyConnectionsError("sorry, too many clients already"), DatabaseBusyError, "max_connections"),
    (psycopg2.OperationalError(f"{FATAL}sorry, too many clients already"), DatabaseBusyError, "has no connection left"),
    (psycopg2.OperationalError(f'{FATAL}too many connections for role "x"'), DatabaseBusyError, "CONNECTION LIMIT"),
    (psycopg2.OperationalError(f"{FATAL}remaining connection slots are reserved"), DatabaseBusyError, "Close sessions"),
    (asyncpg.OutOfMemoryError("out of shared memory"), DatabaseBusyError, "is out of memory"),
    (psycopg2.OperationalError(f"{FATAL}out of memory"), DatabaseBusyError, "more memory"),
    (asyncpg.ConfigurationLimitExceededError("temporary file size exceeds it"), DatabaseError, "Raise that setting"),
    (asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT"), DatabaseReadOnlyError, "accepts no changes"),
    (psycopg2.OperationalError(f"{FATAL}session is read-only"), DatabaseReadOnlyError, "the primary server"),
    (psycopg2.OperationalError(f"{FATAL}the database system is starting up"), DatabaseUnreachableError, "Wait"),
    (asyncpg.CannotConnectNowError("the database system is in recovery mode"), DatabaseUnreachableError, "Wait"),
    (asyncpg.DataCorruptedError("invalid page in block 3"), DatabaseError, "restore a backup"),
    (psycopg2.OperationalError(f'{FATAL}database "x" does not exist'), DatabaseRefusedError, "Check user"),
    (psycopg2.OperationalError(f"{FATAL}password authentication failed"), DatabaseRefusedError, "Check user"),
    (asyncpg.UndefinedTableError('relation "x" does not exist'), DatabaseError, "refused a statement (42P01)"),
    (asyncpg.LockNotAvailableError("canceling statement due to lock timeout"), DatabaseBusyError, "pg_stat_activity"),
    (asyncpg.AdminShutdownError("terminating connection"), DatabaseUnreachableError, "cannot be reached"),
    (ConnectionRefusedError("connect call failed"), DatabaseUnreachableError, "cannot be reached"),
    (asyncpg.InternalServerError("unexpected node"), DatabaseError, "refused a statement (XX000)"),
]


@pytest.mark.parametrize(("error", "kind", "words"), STATES)
def test_a_state_of_the_database_is_said_with_its_remedy(
    error: Exception, kind: type[DatabaseError], words: str
) -> None:
    translated = translate_error(URL, error)
    assert type(translated) is kind
    assert words in str(translated)
    assert "hunter2" not in str(translated)
    is_said_to_be_away = "cannot be reached" in str(translated)
    assert is_said_to_be_away == (words == "cannot be reached")
