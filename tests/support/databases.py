"""Temporary databases on a PostgreSQL server."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import sqlalchemy as sa
from support.postgres_servers import settings_for

from pipelines.postgres.database import migrate
from pipelines.postgres.url import psycopg2_url

# The process id is part of the name because a server given by URL may serve several test runs at once.
PREFIX = f"gamepulse_test_{os.getpid()}"
_numbers = itertools.count(1)


class Databases:
    """Creates databases on one server and drops them after use."""

    def __init__(self, server: sa.URL) -> None:
        self.server = server
        # No pool: a drill kills the server, and with it every pooled connection.
        self.administrator = sa.create_engine(
            psycopg2_url(server, "public"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        )

    @contextmanager
    def temporary(self, *, migrated: bool = True) -> Iterator[sa.URL]:
        """Yields the URL of a new database, either migrated or empty, and drops it at the end of the block.

        Its time zone is not UTC, so that SQL that depends on the session's time zone fails.
        """
        name = self._create(self._template if migrated else "template0")
        try:
            yield self.server.set(database=name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    @cached_property
    def _template(self) -> str:
        """A migrated database without games. Copying it is faster than migrating."""
        name = self._create("template0")
        migrate(settings_for(self.server.set(database=name)))
        return name

    def _create(self, template: str) -> str:
        name = f"{PREFIX}_{next(_numbers)}"
        self._execute(
            f"CREATE DATABASE {name} TEMPLATE {template}", f"ALTER DATABASE {name} SET timezone = 'America/New_York'"
        )
        return name

    def close(self) -> None:
        """Drops the template."""
        if "_template" in self.__dict__:
            self._execute(f"DROP DATABASE {self._template} WITH (FORCE)")

    def _execute(self, *statements: str) -> None:
        with self.administrator.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
