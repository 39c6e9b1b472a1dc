"""The API's limit, kept over all processes that use one database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Final, Self

from sqlalchemy import text

from pipelines.errors import DatabaseError
from pipelines.warehouse.database import Database

API_LOCK: Final = 4_617_367
"""Any number, the same for all processes."""
SEND_SECONDS: Final = 1.0
"""How long a turn waits for its request to go out; a connection that cannot be made must not stop everybody."""


class Turn:
    """Leave to send one request."""

    def __init__(self) -> None:
        self.granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent = asyncio.Event()
        """Set when the request goes out: the next one may follow an interval later."""


class RateLimit:
    """Grants at most `per_second` turns a second, evenly spaced. An async context manager.

    A turn is a PostgreSQL advisory lock, held from the request until the next one may follow. PostgreSQL serves those
    who wait in their order and frees the lock of a process that dies; one that hangs loses it after five seconds in its
    transaction. A process waits for one turn at a time, so that a single request never stands behind all the dates of
    somebody's backfill.
    """

    def __init__(self, database: Database, per_second: float) -> None:
        self._database = database
        self._interval = 1 / per_second
        self._waiting: asyncio.Queue[Turn] = asyncio.Queue()
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
    async def turn(self) -> AsyncIterator[Turn]:
        """A block in which one request may go out.

        Raises:
            DatabaseError: the database that keeps the limit cannot be used.
        """
        turn = Turn()
        if self._interval == 0:
            yield turn
            return
        if self._granting is None:
            self._granting = asyncio.create_task(self._grant())
        self._waiting.put_nowait(turn)
        try:
            await asyncio.wait({turn.granted, self._granting}, return_when=asyncio.FIRST_COMPLETED)
            if not turn.granted.done():
                self._granting.result()  # it ends only by an error
            turn.granted.result()
            yield turn
        finally:
            turn.granted.cancel()  # where we were interrupted, so that no turn is spent on us
            turn.sent.set()

    async def _grant(self) -> None:
        while True:
            turn = await self._waiting.get()
            if turn.granted.cancelled():
                continue
            try:
                async with self._database.get_session() as session:
                    connection = await session.connection()
                    await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = '5s'"))
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": API_LOCK})
                    if not turn.granted.cancelled():
                        self._holds_none.clear()
                        turn.granted.set_result(None)
                        await asyncio.wait({asyncio.create_task(turn.sent.wait())}, timeout=SEND_SECONDS)
                        await asyncio.sleep(self._interval)
            except DatabaseError as error:
                if not turn.granted.done():
                    turn.granted.set_exception(error)
            finally:
                self._holds_none.set()
