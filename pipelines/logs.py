"""Events as structlog has them: on stdout, and through the standard library into Dagster's run log."""

import logging
import sys
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LOGGER = "gamepulse"
"""The standard library's logger that `dagster.yaml` brings into the run log."""
PRINTED = "is_printed"
"""Attribute of the log records of events that are on stdout, which Dagster's console logger need not print again."""


def event_logger(style: Literal["console", "json"], **values: object) -> structlog.stdlib.BoundLogger:
    """A logger whose events carry `values`; on stdout as JSON, or as coloured text where it is a terminal."""
    renderer: Processor = (
        structlog.processors.JSONRenderer(default=str)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(LOGGER),
        wrapper_class=structlog.stdlib.BoundLogger,
        processors=[_Stdout(renderer), structlog.processors.KeyValueRenderer(key_order=["event"]), _mark_printed],
    )
    return logger.bind(**values)


def _mark_printed(logger: WrappedLogger, method: str, event: Any) -> tuple[Any, ...]:
    """Returns the arguments of the standard library's logger."""
    return (event,), {"extra": {PRINTED: True}}


class _Stdout:
    """Writes a line for people or for a log collector, and lets the event pass on to Dagster."""

    def __init__(self, renderer: Processor) -> None:
        self._processors: list[Processor] = [
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ]

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        line: object = dict(event)
        for process in self._processors:
            line = process(logger, method, line)  # type: ignore[arg-type]
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        return event
