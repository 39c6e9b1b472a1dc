"""Translates errors of the PostgreSQL drivers into errors of the pipeline."""

from typing import Final

from sqlalchemy import URL

from pipelines.errors import (
    DatabaseBusyError,
    DatabaseConflictError,
    DatabaseError,
    DatabaseRefusedError,
    DatabaseUnreachableError,
)
from pipelines.postgres.url import describe

_REFUSALS: Final = {"28", "3D"}  # invalid authorization, invalid catalog name
_BREAKDOWNS: Final = {"08", "53", "57", "58"}  # connection, resources, shutdown, system
_CONFLICT: Final = "40"  # deadlock, serialization failure
_TIMEOUTS: Final = {"55P03", "57014", "25P03"}  # lock_timeout, statement_timeout, idle_in_transaction_session_timeout


def translate_error(url: URL, error: Exception) -> DatabaseError:
    """Returns the pipeline's error for an error of psycopg2, asyncpg or SQLAlchemy, with the database it came from."""
    original = getattr(error, "orig", None) or error
    # SQLAlchemy's asyncpg adapter keeps the driver's error as the cause of its own.
    original = original.__cause__ or original
    state = str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")
    message = (str(original).strip().splitlines() or [type(original).__name__])[0].strip()
    where = f"Database {describe(url)}"
    refused = state[:2] in _REFUSALS or any(sign in message for sign in ("authentication failed", "does not exist"))
    if refused and not state.startswith("42"):
        return DatabaseRefusedError(
            f"{where} refused the connection: {message}. Check user, password and database name in DATABASE_URL."
        )
    if state in _TIMEOUTS:
        return DatabaseBusyError(
            f"{where} was too slow: {message}. Another session may be stuck; see pg_stat_activity."
        )
    if state[:2] == _CONFLICT:
        return DatabaseConflictError(f"{where} rolled a transaction back: {message}. Another session was in its way.")
    if not state or state[:2] in _BREAKDOWNS:
        return DatabaseUnreachableError(f"{where} cannot be reached: {message}. Is it running, is DATABASE_URL right?")
    return DatabaseError(f"{where} refused a statement ({state}): {message}.")
