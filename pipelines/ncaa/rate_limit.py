"""Rate limit of the API, shared by all processes that use one database."""

import asyncio
import datetime as dt
import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Final, Protocol, Self

from models.turns import API_TURN, take_turn
from pipelines.errors import DatabaseError

SEND_SECONDS: Final = 1.0
"""How long a permit waits for its request to be sent. A connection that cannot be made must not stop all processes."""

PROCESSES: Final = 100
"""More processes never wait for permits at the same time: a longer wait is a connection that is dead."""

HUNG_SECONDS: Final = 5.0
"""How much longer than its interval a permit is held by a process that hangs."""


class Connection(Protocol):
    """The part of SQLAlchemy's `AsyncConnection` that the limit uses."""

    async def exec_driver_sql(self, statement: str, parameters: Any = None) -> Any:
        """Executes a statement in asyncpg's own spelling."""

    async def get_raw_connection(self) -> Any:
        """Returns what holds asyncpg's connection, whose statements take a timeout each."""


class Session(Protocol):
    """The part of `AsyncSession` that the limit uses."""

    async def connection(self) -> Connection:
        """Returns the session's connection."""


class Sessions(Protocol):
    """Opens sessions in a transaction on the database that all processes share; `pipelines.postgres` has one."""

    def get_session(self) -> AbstractAsyncContextManager[Session]:
        """Raises DatabaseError: the database cannot be used."""


_TIMEOUTS: Final = """
SELECT
    set_config('idle_in_transaction_session_timeout', $1, true),
    set_config('lock_timeout', '0', true),
    set_config('statement_timeout', '0', true)
"""


# `pg_dump` holds a weaker lock.
_OTHERS: Final = """
SELECT EXISTS (
    SELECT
    FROM pg_locks
    WHERE relation = $1::text::regclass
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND mode = 'ExclusiveLock'
)
"""


class Permit:
    """Permission to send one request."""

    def __init__(self, *, yields: bool = False) -> None:
        self.yields = yields
        """Whether it waits until no other process holds or waits for a permit."""
        self.granted: asyncio.Future[dt.datetime] = asyncio.get_running_loop().create_future()
        self.sent = asyncio.Event()
        """Set when the request is sent. The next permit is granted one interval later."""

    @property
    def granted_at(self) -> dt.datetime:
        """The moment of the grant, by the database's clock."""
        return self.granted.result()


class RateLimit:
    """Grants at most `per_second` permits per second, evenly spaced. An async context manager.

    A permit is the lock of table `api_turn`, held from the request until the next one may follow. PostgreSQL grants the
    lock in the order of requests and releases it when a process dies; a process that hangs loses it `HUNG_SECONDS`
    after the next request could have followed. Waiting for the lock has no timeout on the server, since holding it has
    one. Each process waits for one permit at a time, so a single request never waits for all dates of another backfill.
    """

    def __init__(self, database: Sessions, per_second: float) -> None:
        self._database = database
        self.per_second = per_second
        self._interval = 1 / per_second
        self._patience = 60 + PROCESSES * self._interval
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
            await self._holds_none.wait()  # keep the interval after the last request
            self._granting.cancel()
            await asyncio.gather(self._granting, return_exceptions=True)

    @asynccontextmanager
    async def permit(self, *, yields: bool = False) -> AsyncIterator[Permit]:
        """Opens a block in which one request may be sent; one that yields comes after those of other processes.

        Raises:
            DatabaseError: the database that keeps the limit cannot be used.
        """
        permit = Permit(yields=yields)
        if self._interval == 0:
            permit.granted.set_result(await self._now())
            yield permit
            return
        if self._granting is None:
            self._granting = asyncio.create_task(self._grant())
        self._waiting.put_nowait(permit)
        try:
            either: set[asyncio.Future[Any]] = {permit.granted, self._granting}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not permit.granted.done():
                self._granting.result()  # it only ends by an error
            _ = permit.granted_at  # raises the error of a permit that was not granted
            yield permit
        finally:
            permit.granted.cancel()  # when interrupted, so that no permit is spent on this request
            permit.sent.set()

    async def _now(self) -> dt.datetime:
        async with self._database.get_session() as session:
            return await _moment(await session.connection())

    async def _grant(self) -> None:
        while True:
            permit = await self._waiting.get()
            if permit.granted.cancelled():
                continue
            try:
                if permit.yields:
                    await self._let_others_pass(permit)
                async with self._database.get_session() as session:
                    connection = await session.connection()
                    await connection.exec_driver_sql(_TIMEOUTS, (f"{self._interval + HUNG_SECONDS:.3f}s",))
                    driver_connection = (await connection.get_raw_connection()).driver_connection
                    await driver_connection.execute(take_turn(API_TURN), timeout=self._patience)
                    granted_at = await _moment(connection)
                    if not permit.granted.cancelled():
                        self._holds_none.clear()
                        permit.granted.set_result(granted_at)
                        await asyncio.wait({asyncio.create_task(permit.sent.wait())}, timeout=SEND_SECONDS)
                        await asyncio.sleep(self._interval)
            except DatabaseError as error:
                if not permit.granted.done():
                    permit.granted.set_exception(error)
            finally:
                self._holds_none.set()

    async def _let_others_pass(self, permit: Permit) -> None:
        """Waits until no process holds or waits for a permit, or nobody waits for this one any more."""
        while not permit.granted.cancelled():
            async with self._database.get_session() as session:
                connection = await session.connection()
                if not (await connection.exec_driver_sql(_OTHERS, (API_TURN,))).scalar_one():
                    return
            await asyncio.sleep(self._interval * random.uniform(0.1, 0.5))  # noqa: S311


async def _moment(connection: Connection) -> dt.datetime:
    moment: dt.datetime = (await connection.exec_driver_sql("SELECT clock_timestamp()")).scalar_one()
    return moment
