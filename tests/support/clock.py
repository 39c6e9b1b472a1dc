"""A database whose clock is this process's, which `time_machine` moves."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dagster as dg

from pipelines.postgres.sessions import Database
from pipelines.resources import DatabaseResource
from pipelines.resources.postgres import settings_of


class TravellingDatabase(Database):
    """Tells this process's time instead of the server's."""

    async def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)


class TravellingDatabaseResource(DatabaseResource):
    """Provides a `TravellingDatabase`."""

    @asynccontextmanager
    async def yield_for_execution(  # type: ignore[override]
        self, context: dg.InitResourceContext
    ) -> AsyncIterator[Database]:
        async with TravellingDatabase(settings_of(self.url)) as database:
            yield database
