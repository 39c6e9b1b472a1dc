"""The NCAA API as a Dagster resource."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dagster as dg

from pipelines.ncaa.client import NcaaClient
from pipelines.settings import Settings


class NcaaApiResource(dg.ConfigurableResource[NcaaClient]):
    """Gives an `NcaaClient` for the length of a run: of the settings' API, or of the one at `base_url`."""

    base_url: str | None = None

    @asynccontextmanager
    async def yield_for_execution(  # type: ignore[override]  # Dagster takes an async one too
        self, context: dg.InitResourceContext
    ) -> AsyncIterator[NcaaClient]:
        settings = Settings()
        key = settings.ncaa_api_key
        async with NcaaClient(
            self.base_url or settings.ncaa_api_url, key=key.get_secret_value() if key is not None else None
        ) as client:
            yield client
