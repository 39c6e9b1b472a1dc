"""The resources of the assets. A test replaces one by constructing another."""

from pipelines.resources.coverage_file import CoverageFileResource
from pipelines.resources.event_log import EventLogResource
from pipelines.resources.ncaa_api import NcaaApiResource
from pipelines.resources.postgres import DatabaseResource

__all__ = ["CoverageFileResource", "DatabaseResource", "EventLogResource", "NcaaApiResource"]
