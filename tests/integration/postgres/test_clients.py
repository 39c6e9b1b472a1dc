"""psql, psycopg2 and asyncpg all reach the server by a URL, with the settings in it, or all fail."""

import asyncio
import subprocess
from typing import Any
from urllib.parse import quote

import certifi
import psycopg2
import pytest
import sqlalchemy as sa
from support.postgres_servers import settings_for
from support.spellings import ABSENT, TLS, WORKING

from pipelines.cli.database import find_program
from pipelines.errors import ConfigurationError
from pipelines.postgres.connections import open_connection
from pipelines.postgres.sessions import connect
from pipelines.postgres.url import libpq_text, libpq_url

SETTINGS = {"search_path": "public"}
QUERY = """SELECT concat_ws(
    ' ', current_database(), current_setting('application_name'), current_setting('statement_timeout')
)"""


def spelled(spelling: str, url: sa.URL) -> sa.URL:
    """Returns a documented spelling with the parts of the test's database in it."""
    user, password, name = (quote(part or "", safe="") for part in (url.username, url.password, url.database))
    return libpq_url(
        spelling.format(
            login=f"{user}:{password}",
            user=user,
            password=password,
            address=f"{url.host}:{url.port}",
            host=url.host,
            port=url.port,
            name=name,
            ca=certifi.where(),
        )
    )


def by_psycopg2(url: sa.URL) -> str:
    connection = open_connection(url, SETTINGS)
    with connection.cursor() as cursor:
        cursor.execute(QUERY)
        [answer] = cursor.fetchone() or [None]
    connection.close()
    return str(answer)


def by_asyncpg(url: sa.URL) -> str:
    async def ask() -> str:
        connection: Any = await connect(url, SETTINGS)
        answer = await connection.fetchval(QUERY)
        await connection.close()
        return str(answer)

    return asyncio.run(ask())


def by_psql(url: sa.URL) -> str:
    program = str(find_program("psql", settings_for(url), url))
    command = [program, "--no-psqlrc", libpq_text(url), "-Atc", QUERY]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


CLIENTS = (by_psycopg2, by_asyncpg, by_psql)


@pytest.mark.parametrize("spelling", WORKING.values(), ids=WORKING.keys())
def test_a_documented_spelling_works_in_all_clients(spelling: str, database_url: sa.URL) -> None:
    url = spelled(spelling, database_url)
    application = url.query.get("application_name")
    timeout = "5s" if "statement_timeout" in url.query.get("options", "") else "0"
    assert [client(url) for client in CLIENTS] == [
        f"{database_url.database} {application or default} {timeout}" for default in ("", "gamepulse", "psql")
    ]


@pytest.mark.parametrize("spelling", [*TLS.values(), *ABSENT.values()], ids=[*TLS.keys(), *ABSENT.keys()])
def test_a_server_that_is_not_as_the_url_says_is_refused_by_all_clients(spelling: str, database_url: sa.URL) -> None:
    url = spelled(spelling, database_url)
    for client in CLIENTS:
        with pytest.raises((psycopg2.OperationalError, OSError, subprocess.CalledProcessError, ConfigurationError)):
            client(url)
