"""The app's PostgreSQL as a Dagster resource."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dagster as dg
from pydantic import SecretStr

from pipelines.postgres.sessions import Database
from pipelines.settings import Settings


class DatabaseResource(dg.ConfigurableResource[Database]):
    """Provides a `Database` for the duration of a run: of the settings, or of `url` in any driver's spelling."""

    url: str | None = None

    @asynccontextmanager
    async def yield_for_execution(  # type: ignore[override]  # Dagster takes an async one too
        self, context: dg.InitResourceContext
    ) -> AsyncIterator[Database]:
        async with Database(settings_of(self.url)) as database:
            yield database


def settings_of(database_url: str | None) -> Settings:
    """Returns the environment's settings, with another database where one is given."""
    settings = Settings()
    return settings if database_url is None else settings.model_copy(update={"database_url": SecretStr(database_url)})
