"""The resources of the assets. A test replaces one by constructing another."""

from pipelines.resources.ncaa_api import NcaaApiResource
from pipelines.resources.postgres import DatabaseResource

__all__ = ["DatabaseResource", "NcaaApiResource"]
