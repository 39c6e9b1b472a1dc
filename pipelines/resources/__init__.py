"""What assets are handed. A test replaces one by constructing another."""

from pipelines.resources.database import DatabaseResource
from pipelines.resources.ncaa_api import NcaaApiResource

__all__ = ["DatabaseResource", "NcaaApiResource"]
