"""The file of the coverage report as a Dagster resource."""

from pathlib import Path

import dagster as dg

from pipelines.settings import Settings


class CoverageFileResource(dg.ConfigurableResource[Path]):
    """Provides the file to which the report is written: of the settings unless `path` is given."""

    path: str | None = None

    def create_resource(self, context: dg.InitResourceContext) -> Path:
        return Path(self.path) if self.path is not None else Settings().coverage_file
