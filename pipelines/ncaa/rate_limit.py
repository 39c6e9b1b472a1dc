"""The API's limit, kept over all processes that use one database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Final, Self

from sqlalchemy import text

from pipelines.errors import DatabaseError
from pipelines.postgres.sessions import Database

API_LOCK: Final = 4_617_367
"""Any number, the same for all processes."""
SEND_SECONDS: Final = 1.0
"""How long a permit waits for its request to go out; a connection that cannot be made must not stop everybody."""


class Permit:
    """Leave to send one request."""

    def __init__(self) -> None:
        self.granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent = asyncio.Event()
        """Set when the request goes out: the next one may follow an interval later."""


class RateLimit:
    """Grants at most `per_second` permits a second, evenly spaced. An async context manager.

    A permit is a PostgreSQL advisory lock, held from the request until the next one may follow. PostgreSQL serves those
    who wait in their order and frees the lock of a process that dies; one that hangs loses it after five seconds in its
    transaction. A process waits for one permit at a time, so that a single request never stands behind all the dates of
    somebody's backfill.
    """

    def __init__(self, database: Database, per_second: float) -> None:
        self._database = database
        self._interval = 1 / per_second
        self._waiting: asyncio.Queue[Permit] = asyncio.Queue()
        self._granting: asyncio.Task[None] | None = None
        self._holds_none = asyncio.Event()
        self._holds_none.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._granting is not None:
            await self._holds_none.wait()  # others may follow an interval after our last request, not at once
            self._granting.cancel()
            await asyncio.gather(self._granting, return_exceptions=True)

    @asynccontextmanager
    async def permit(self) -> AsyncIterator[Permit]:
        """A block in which one request may go out.

        Raises:
            DatabaseError: the database that keeps the limit cannot be used.
        """
        permit = Permit()
        if self._interval == 0:
            yield permit
            return
        if self._granting is None:
            self._granting = asyncio.create_task(self._grant())
        self._waiting.put_nowait(permit)
        try:
            await asyncio.wait({permit.granted, self._granting}, return_when=asyncio.FIRST_COMPLETED)
            if not permit.granted.done():
                self._granting.result()  # it ends only by an error
            permit.granted.result()
            yield permit
        finally:
            permit.granted.cancel()  # where we were interrupted, so that no permit is spent on us
            permit.sent.set()

    async def _grant(self) -> None:
        while True:
            permit = await self._waiting.get()
            if permit.granted.cancelled():
                continue
            try:
                async with self._database.get_session() as session:
                    connection = await session.connection()
                    await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = '5s'"))
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": API_LOCK})
                    if not permit.granted.cancelled():
                        self._holds_none.clear()
                        permit.granted.set_result(None)
                        await asyncio.wait({asyncio.create_task(permit.sent.wait())}, timeout=SEND_SECONDS)
                        await asyncio.sleep(self._interval)
            except DatabaseError as error:
                if not permit.granted.done():
                    permit.granted.set_exception(error)
            finally:
                self._holds_none.set()
