"""A firewall forgets connections: it drops their packets and says nothing. Linux would try for 16 minutes.

A pooler that hangs but still acknowledges what it receives is noticed by the timeout of statements alone, see
tests/integration/postgres/test_sessions.py.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
import sqlalchemy as sa
from support.databases import Databases
from support.postgres_servers import settings_for
from support.proxy import Proxy

from pipelines.errors import DatabaseUnreachableError
from pipelines.postgres.connections import open_connection
from pipelines.postgres.sessions import COMMAND_SECONDS, Database

pytestmark = [pytest.mark.drill, pytest.mark.timeout(60)]

STATEMENTS = {"nothing is sent": "SELECT pg_sleep(50)", "a statement is sent": "SELECT 1"}


def by_psycopg2(url: sa.URL, statement: str, forget: Callable[[], None]) -> None:
    """Dagster's storage and the command line."""
    connection = open_connection(url, {"search_path": "public"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        forget()
        with pytest.raises(psycopg2.OperationalError, match="timed out"):
            cursor.execute(statement)


def by_asyncpg(url: sa.URL, statement: str, forget: Callable[[], None]) -> None:
    """A load."""

    async def load() -> None:
        async with Database(settings_for(url)) as database, database.get_session() as session:
            connection = await session.connection()
            await connection.exec_driver_sql("SELECT 1")
            forget()
            await connection.exec_driver_sql(statement)

    with pytest.raises(DatabaseUnreachableError, match="closed in the middle"):
        asyncio.run(load())


def test_connections_that_a_firewall_forgot_end_before_statements_time_out(databases: Databases) -> None:
    def seconds(client: Callable[[sa.URL, str, Callable[[], None]], None], statement: str, url: sa.URL) -> float:
        assert url.host is not None
        assert url.port is not None
        with Proxy(url.host, url.port) as proxy:
            began: list[float] = []

            def forget() -> None:
                began.append(time.monotonic())
                if "sleep" in statement:  # it is on its way when the connection is forgotten
                    threading.Timer(1, proxy.forget).start()
                else:
                    proxy.forget()

            client(url.set(port=proxy.port), statement, forget)
            return time.monotonic() - began[0]

    with databases.temporary() as url, ThreadPoolExecutor() as threads:
        cases = [(client, when) for client in (by_psycopg2, by_asyncpg) for when in STATEMENTS]
        ended = [threads.submit(seconds, client, STATEMENTS[when], url) for client, when in cases]
        for (client, when), each in zip(cases, ended, strict=True):
            print(f"{client.__name__}, {when}: {each.result():.0f} s")  # noqa: T201
            assert each.result() < COMMAND_SECONDS
