"""The NCAA API as a Dagster resource."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dagster as dg

from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.rate_limit import RateLimit
from pipelines.postgres.sessions import Database
from pipelines.resources.postgres import settings_of


class NcaaApiResource(dg.ConfigurableResource[NcaaClient]):
    """Provides an `NcaaClient` for the duration of a run.

    `base_url` and `database_url`, which keeps the rate limit, are those of the settings unless given.
    """

    base_url: str | None = None
    database_url: str | None = None

    @asynccontextmanager
    async def yield_for_execution(  # type: ignore[override]  # Dagster takes an async one too
        self, context: dg.InitResourceContext
    ) -> AsyncIterator[NcaaClient]:
        settings = settings_of(self.database_url)
        key = settings.ncaa_api_key.get_secret_value() if settings.ncaa_api_key is not None else None
        async with (
            Database(settings) as database,
            RateLimit(database, settings.ncaa_api_requests_per_second) as limit,
            NcaaClient(
                self.base_url or settings.ncaa_api_url,
                key=key,
                limit=limit,
                contact=settings.project_url,
                details_per_day=settings.ncaa_api_details_per_day,
            ) as client,
        ):
            yield client
