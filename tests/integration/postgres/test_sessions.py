"""Sessions on the app's database: isolation, and the errors that they raise."""

import asyncio
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from support.postgres_servers import settings_for
from support.proxy import Proxy

from pipelines.errors import DatabaseConflictError, DatabaseError, DatabaseUnreachableError
from pipelines.postgres import sessions
from pipelines.postgres.sessions import Database


def test_loads_are_read_committed_whatever_the_database_says(database_url: sa.URL, administrator: sa.Engine) -> None:
    statement = f"ALTER DATABASE {database_url.database} SET default_transaction_isolation = 'serializable'"
    with administrator.connect() as connection:
        connection.execute(sa.text(statement))

    async def isolation() -> str:
        async with Database(settings_for(database_url)) as database, database.get_session() as session:
            return str((await (await session.connection()).execute(sa.text("SHOW transaction_isolation"))).scalar())

    assert asyncio.run(isolation()) == "read committed"


def test_a_deadlock_is_retryable(database_url: sa.URL) -> None:
    async def update(database: Database, first: int, second: int, met: asyncio.Barrier) -> DatabaseError | None:
        statement = sa.text("UPDATE dim_date SET is_weekend = is_weekend WHERE date_key = :key")
        try:
            async with database.get_session() as session:
                connection = await session.connection()
                await connection.execute(statement, {"key": first})
                await met.wait()
                await connection.execute(statement, {"key": second})
        except DatabaseError as error:
            return error
        return None

    async def both() -> list[DatabaseError | None]:
        met = asyncio.Barrier(2)
        async with Database(settings_for(database_url)) as database:
            return await asyncio.gather(
                update(database, 20260101, 20260102, met), update(database, 20260102, 20260101, met)
            )

    [error] = [error for error in asyncio.run(both()) if error is not None]
    assert isinstance(error, DatabaseConflictError)
    assert error.retryable
    assert "deadlock detected" in str(error)


@pytest.mark.parametrize("state", ["40001", "40P01", "40003"])
def test_serialization_failures_are_conflicts(database_url: sa.URL, state: str) -> None:
    async def fail() -> None:
        async with Database(settings_for(database_url)) as database, database.get_session() as session:
            statement = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
            await (await session.connection()).execute(sa.text(statement))

    with pytest.raises(DatabaseConflictError):
        asyncio.run(fail())


@pytest.mark.parametrize("silence", [Proxy.freeze, Proxy.forget])
def test_a_session_whose_connection_goes_silent_fails(
    silence: Callable[[Proxy], None], database_url: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "COMMAND_SECONDS", 2.0)
    assert database_url.host is not None
    assert database_url.port is not None

    async def wait(url: sa.URL, proxy: Proxy) -> None:
        async with Database(settings_for(url)) as database, database.get_session() as session:
            connection = await session.connection()
            await connection.execute(sa.text("SELECT 1"))
            silence(proxy)
            await connection.execute(sa.text("SELECT 1"))

    with (
        Proxy(database_url.host, database_url.port) as proxy,
        pytest.raises(DatabaseUnreachableError, match="no answer in time"),
    ):
        asyncio.run(wait(database_url.set(port=proxy.port), proxy))
