"""The log of events as a Dagster resource."""

import dagster as dg
from structlog.stdlib import BoundLogger

from pipelines.logs import PRINTED, event_logger
from pipelines.runtime.console import skip_on_console
from pipelines.settings import Settings


class EventLogResource(dg.ConfigurableResource[BoundLogger]):
    """Provides the logger of a run's events: as JSON or for a console, by the settings unless `as_json` is given."""

    as_json: bool | None = None

    def create_resource(self, context: dg.InitResourceContext) -> BoundLogger:
        if context.log is not None:
            skip_on_console(context.log, PRINTED)
        if self.as_json is None:
            return event_logger(Settings().gamepulse_log)
        return event_logger("json" if self.as_json else "console")
