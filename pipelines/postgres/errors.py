"""Translates errors of the PostgreSQL drivers into errors of the pipeline."""

from typing import Final, NamedTuple

from sqlalchemy import URL

from pipelines.errors import (
    DatabaseBusyError,
    DatabaseConflictError,
    DatabaseError,
    DatabaseFullError,
    DatabaseReadOnlyError,
    DatabaseRefusedError,
    DatabaseUnreachableError,
)
from pipelines.postgres.url import describe


class _State(NamedTuple):
    """A state of the database that an error tells of."""

    error: type[DatabaseError]
    says: str
    remedy: str
    states: tuple[str, ...] = ()
    """SQLSTATEs, or their first two characters: https://www.postgresql.org/docs/current/errcodes-appendix.html."""
    signs: tuple[str, ...] = ()
    """Parts of the message: psycopg2 gives no SQLSTATE of a connection that was refused."""


# The first that fits.
_STATES: Final = (
    _State(
        DatabaseFullError,
        "is out of disk space",
        "Free some space on the server's disk or enlarge it. Nothing that is stored was lost.",
        states=("53100",),
        signs=("No space left on device", "Disk quota exceeded"),
    ),
    _State(
        DatabaseReadOnlyError,
        "accepts no changes",
        "DATABASE_URL must name the primary server and a role that may write. Some providers also refuse changes while "
        "the disk is full.",
        states=("25006",),
        signs=("session is read-only", "session is not read-only", "server is in hot standby mode"),
    ),
    _State(
        DatabaseBusyError,
        "has no connection left",
        "Close sessions of other programs (pg_stat_activity lists them), or raise max_connections or the role's "
        "CONNECTION LIMIT.",
        states=("53300",),
        signs=("too many clients", "too many connections", "remaining connection slots"),
    ),
    _State(
        DatabaseBusyError,
        "is out of memory",
        "Give the server more memory, or the program that uses it less; pg_stat_activity lists the sessions.",
        states=("53200",),
        signs=("out of memory", "out of shared memory", "Cannot allocate memory"),
    ),
    _State(DatabaseError, "reached a limit of its settings", "Raise that setting of the server.", states=("53",)),
    _State(
        DatabaseUnreachableError,
        "is starting, stopping or recovering",
        "Wait; if it stays so, read the server's log.",
        states=("57P03",),
        signs=("the database system is",),
    ),
    _State(
        DatabaseError,
        "has damaged files",
        "Read the server's log, and restore a backup if it says so.",
        states=("XX001", "XX002", "58030", "58P01"),
    ),
    _State(
        DatabaseRefusedError,
        "refused the connection",
        "Check user, password and database name in DATABASE_URL.",
        states=("28", "3D"),
        signs=("authentication failed", "does not exist"),
    ),
    _State(
        DatabaseBusyError,
        "was too slow",
        "Another session may be stuck; see pg_stat_activity.",
        states=("55P03", "57014", "25P03"),  # lock, statement and idle-in-transaction timeout
    ),
    _State(
        DatabaseConflictError,
        "rolled a transaction back",
        "Another session was in its way.",
        states=("40",),  # deadlock, serialization failure
    ),
    _State(
        DatabaseUnreachableError,
        "cannot be reached",
        "Is it running, is DATABASE_URL right?",
        states=("08", "57", "58"),  # connection, shutdown, system
    ),
)
_UNKNOWN: Final = {"", "XX000"}


def translate_error(url: URL, error: Exception) -> DatabaseError:
    """Returns the pipeline's error for an error of psycopg2, asyncpg or SQLAlchemy, with the database it came from."""
    original = getattr(error, "orig", None) or error
    # SQLAlchemy's asyncpg adapter keeps the driver's error as the cause of its own.
    original = original.__cause__ or original
    sqlstate = str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")
    message = (str(original).strip().splitlines() or [type(original).__name__])[0].strip()
    where = f"Database {describe(url)}"
    for state in _STATES:
        is_sign = sqlstate in _UNKNOWN and any(sign in message for sign in state.signs)
        if is_sign or sqlstate.startswith(state.states):
            break
    else:
        if sqlstate:
            return DatabaseError(f"{where} refused a statement ({sqlstate}): {message}.")
    return state.error(f"{where} {state.says}: {message}. {state.remedy}")
