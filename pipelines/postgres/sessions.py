"""Sessions on the app's database: one engine, created on first use in the event loop that uses it."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import asyncpg
import sqlalchemy as sa
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from pipelines.postgres.database import ready_database
from pipelines.postgres.errors import translate_error
from pipelines.settings import Settings

# A session that is stuck becomes an error of its own class instead of a run that hangs.
SERVER_SETTINGS = {
    "application_name": "gamepulse",
    "search_path": "public",
    "default_transaction_isolation": "read committed",  # loads take turns by a lock; a stricter level would fail them
    "lock_timeout": "30s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",  # compiling costs more than any statement of a load
}

_NOW = sa.text("SELECT clock_timestamp()")


class Database:
    """The app's PostgreSQL: an async context manager for one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
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
        except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise translate_error(url, error) from error

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
                    "postgresql+asyncpg://", async_creator=lambda: _connect(url), pool_size=4, pool_pre_ping=True
                )
            return self._engine, self._url


async def _connect(url: URL) -> "asyncpg.Connection[Any]":
    # asyncpg reads libpq's own spelling, with sslmode and the rest; SQLAlchemy's asyncpg dialect does not.
    return await asyncpg.connect(
        url.render_as_string(hide_password=False),
        timeout=10,
        server_settings=SERVER_SETTINGS,
        # A cached generic plan took forty times as long for a full day as a plan for its number of games. This size
        # excludes the one large statement, which takes all games, from the cache and keeps the smaller ones.
        max_cacheable_statement_size=6_000,
    )
