"""Sessions on the app's database: one engine, created on first use in the event loop that uses it."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from pipelines.postgres.connections import set_statements
from pipelines.postgres.database import ready_database
from pipelines.postgres.errors import translate_error
from pipelines.postgres.url import asyncpg_arguments, set_keepalives
from pipelines.settings import Settings

T = TypeVar("T")

# A session that is stuck becomes an error of its own class instead of a run that hangs.
SERVER_SETTINGS = {
    "search_path": "public",
    "default_transaction_isolation": "read committed",  # loads take turns by a lock; a stricter level would fail them
    "lock_timeout": "30s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",  # compiling costs more than any statement of a load
}

COMMAND_SECONDS = 70.0
"""How long a statement may go unanswered. The server's own limits are shorter, but a dead connection sends no error."""

_NOW = sa.text("SELECT clock_timestamp()")


class Database:
    """The app's PostgreSQL: an async context manager for one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.is_archive_required = settings.archive_required
        """Whether a load fails if its answer cannot be archived."""
        self._url: URL | None = None
        self._engine: AsyncEngine | None = None
        self._lock = asyncio.Lock()
        self.users: set[asyncio.Task[Any]] = set()
        """Tasks that open sessions; they are cancelled before the engine is disposed of."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self.users:
            task.cancel()
        await asyncio.gather(*self.users, return_exceptions=True)
        if self._engine is not None:
            await self._engine.dispose()

    @asynccontextmanager
    async def get_session(self) -> AsyncIterator[AsyncSession]:
        """Opens a session in a transaction, which commits at the end of the block and rolls back on an error.

        Raises:
            DatabaseError: the database cannot be used; `retryable` tells whether a later attempt may succeed.
        """
        engine, url = await self._ready()
        try:
            async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
                yield session
        except (
            DBAPIError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            OSError,
        ) as error:
            # asyncpg's own timeouts have no text.
            raise translate_error(url, error if str(error) else OSError("no answer in time")) from error

    async def commit(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Does work in a session and returns its result when it is committed.

        A cancellation is passed on to the work. During the commit it comes too late and has no effect, since the caller
        would not know what is committed.

        Raises:
            DatabaseError: as `get_session`.
        """
        is_committing = False

        async def work_and_commit() -> T:
            nonlocal is_committing
            async with self.get_session() as session:
                result = await work(session)
                is_committing = True
            return result

        task = asyncio.create_task(work_and_commit())
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                if not is_committing:
                    task.cancel()
        return task.result()

    async def now(self) -> dt.datetime:
        """Returns the moment by the database's clock, which all processes on one database share."""
        async with self.get_session() as session:
            moment: dt.datetime = await (await session.connection()).scalar(_NOW)
            return moment

    async def _ready(self) -> tuple[AsyncEngine, URL]:
        async with self._lock:
            if self._engine is None or self._url is None:
                # In a thread because it may start a server and migrate it.
                url = await asyncio.to_thread(ready_database, self._settings)
                self._url = url
                self._engine = create_async_engine(
                    "postgresql+asyncpg://",
                    async_creator=lambda: connect(url, SERVER_SETTINGS),
                    pool_size=4,
                    pool_pre_ping=True,
                )
            return self._engine, self._url


async def execute_patiently(connection: AsyncConnection, statement: str, seconds: float) -> None:
    """Executes a statement that may wait for a lock longer than `COMMAND_SECONDS`, in the connection's transaction."""
    raw = await connection.get_raw_connection()
    driver_connection: asyncpg.Connection[Any] = raw.driver_connection  # type: ignore[assignment]
    await driver_connection.execute(statement, timeout=seconds)


async def connect(url: URL, settings: Mapping[str, str]) -> "asyncpg.Connection[Any]":
    """Opens a connection to the first of the URL's hosts that answers, with these settings of the session.

    Raises:
        asyncpg.PostgresError, OSError, asyncpg.TargetServerAttributeNotMatched: no host can be used.
    """
    failure: Exception | None = None
    for arguments in asyncpg_arguments(url):
        try:
            connection: asyncpg.Connection[Any] = await asyncpg.connect(
                **arguments,
                command_timeout=COMMAND_SECONDS,
                # A cached generic plan took forty times as long for a full day as a plan for its number of games. This
                # size excludes the one large statement, which takes all games, and keeps the smaller ones.
                max_cacheable_statement_size=6_000,
            )
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.TargetServerAttributeNotMatched) as error:
            failure = error  # the next host may do
            continue
        transport = connection._transport  # type: ignore[attr-defined]  # asyncpg has no option for its socket
        set_keepalives(transport.get_extra_info("socket"), url)
        await connection.execute(set_statements(settings))
        return connection
    assert failure is not None
    raise failure
