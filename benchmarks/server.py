"""A PostgreSQL server in a temporary folder, with migrated databases."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import sqlalchemy as sa
from support.databases import Databases
from support.postgres_servers import Choice, serving

from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.sessions import SERVER_SETTINGS
from pipelines.postgres.url import libpq_url, psycopg2_url

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]

_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]+): (.*)")


class Server:
    """Creates migrated, empty databases, which are dropped with the server."""

    def __init__(self, databases: Databases, stack: ExitStack, log: Path) -> None:
        self._databases = databases
        self._stack = stack
        self._log = log

    def new_database(self, *, logged: bool = False) -> sa.URL:
        """Returns the URL of a new database. `logged` writes its statements to the server's log."""
        url = self._stack.enter_context(self._databases.temporary())
        if logged:
            self.execute(f"ALTER DATABASE {url.database} SET log_statement = 'all'")
        return url

    def execute(self, statement: str) -> None:
        """Executes a statement that is not measured, in the server's own database."""
        with self._databases.administrator.connect() as connection:
            connection.exec_driver_sql(statement)

    def value(self, query: str, **parameters: object) -> Any:
        """Returns the single value of a query that is not measured, in the server's own database."""
        with self._databases.administrator.connect() as connection:
            return connection.execute(sa.text(query), parameters).scalar_one()

    def log_position(self) -> int:
        """Returns the position of the write-ahead log in bytes."""
        return int(self.value("SELECT pg_current_wal_insert_lsn() - '0/0'"))

    def logged_statements(self) -> list[str]:
        """Returns the first line of every statement of logged databases, as the server received them."""
        return _STATEMENT.findall(self._log.read_text(encoding="utf-8"))


@contextmanager
def running_server(*, counting: bool = False) -> Iterator[Server]:
    """Runs a server without autovacuum, which would run in the middle of some measurements; they vacuum between runs.

    `counting` adds `pg_stat_statements` and keeps full pages out of the write-ahead log.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gamepulse-benchmark-")))
        url = stack.enter_context(serving(Choice("embedded", "benchmark"), lambda: folder))
        _execute(url, "ALTER SYSTEM SET autovacuum = off")
        if counting:
            _execute(url, "ALTER SYSTEM SET full_page_writes = off")
            _execute(url, "ALTER SYSTEM SET shared_preload_libraries = pg_stat_statements")
        embedded = EmbeddedPostgres(folder)
        embedded.stop()
        url = libpq_url(embedded.ensure_running())
        if counting:
            _execute(url, "CREATE EXTENSION pg_stat_statements")
        databases = Databases(url)
        stack.callback(databases.close)
        yield Server(databases, stack, folder / "server.log")


def _execute(url: sa.URL, statement: str) -> None:
    engine = sa.create_engine(psycopg2_url(url, "public"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)


async def connect(url: sa.URL) -> "Connection":
    """Opens a connection with the settings of the load's connections."""
    return await asyncpg.connect(url.render_as_string(hide_password=False), server_settings=SERVER_SETTINGS)
