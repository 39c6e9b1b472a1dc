"""A PostgreSQL of the benchmark's own, in a temporary folder, and migrated databases on it."""

import itertools
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
from pydantic import SecretStr
from sqlalchemy import URL

from pipelines.postgres.database import migrate
from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.sessions import SERVER_SETTINGS
from pipelines.postgres.url import libpq_url
from pipelines.settings import Settings

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]

_TEMPLATE = "benchmark_template"
_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]+): (.*)")


class Server:
    """Makes databases that are migrated and empty."""

    def __init__(self, url: URL, administrator: "Connection", log: Path) -> None:
        self._url = url
        self._log = log
        self.administrator = administrator
        """Of the server's own database; for what is not measured."""
        self._numbers = itertools.count(1)

    async def new_database(self, *, logged: bool = False) -> URL:
        """`logged`: the server's log has every statement."""
        name = f"benchmark_{next(self._numbers)}"
        await self.administrator.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        if logged:
            await self.administrator.execute(f"ALTER DATABASE {name} SET log_statement = 'all'")
        return self._url.set(database=name)

    def logged_statements(self) -> list[str]:
        """First lines of all statements in logged databases so far, as the server received them."""
        return _STATEMENT.findall(self._log.read_text(encoding="utf-8"))


@asynccontextmanager
async def running_server(*, counting: bool = False) -> AsyncIterator[Server]:
    """Vacuuming is left to the measures, which do it between runs: by itself it would come in the middle of some.

    `counting`: `pg_stat_statements` is there, and the write-ahead log has changes only, no whole pages.
    """
    with tempfile.TemporaryDirectory(prefix="gamepulse-benchmark-") as home:
        state = Path(home) / "postgres"
        embedded = EmbeddedPostgres(state)
        url = libpq_url(embedded.ensure_running())
        try:
            if counting:
                url = await _restart(embedded, url)
            administrator = await asyncpg.connect(url.render_as_string(hide_password=False))
            await administrator.execute("ALTER SYSTEM SET autovacuum = off")
            await administrator.execute("SELECT pg_reload_conf()")
            await administrator.execute(f"CREATE DATABASE {_TEMPLATE}")
            migrate(settings_for(url.set(database=_TEMPLATE)))
            yield Server(url, administrator, state / "server.log")
            await administrator.close()
        finally:
            embedded.stop()


async def _restart(embedded: EmbeddedPostgres, url: URL) -> URL:
    administrator = await asyncpg.connect(url.render_as_string(hide_password=False))
    await administrator.execute("ALTER SYSTEM SET full_page_writes = off")
    await administrator.execute("ALTER SYSTEM SET shared_preload_libraries = pg_stat_statements")
    await administrator.close()
    embedded.stop()
    url = libpq_url(embedded.ensure_running())
    administrator = await asyncpg.connect(url.render_as_string(hide_password=False))
    await administrator.execute("CREATE EXTENSION pg_stat_statements")
    await administrator.close()
    return url


async def connect(url: URL) -> "Connection":
    """A bare connection with the settings that the load's connections have."""
    return await asyncpg.connect(url.render_as_string(hide_password=False), server_settings=SERVER_SETTINGS)


def settings_for(url: URL) -> Settings:
    return Settings(database_url=SecretStr(url.render_as_string(hide_password=False)))
