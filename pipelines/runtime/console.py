"""Keeps events that are on stdout from Dagster's console logger, which would print them again."""

import dagster as dg


def skip_on_console(log: dg.DagsterLogManager, attribute: str) -> None:
    """Skips records that have an attribute. Dagster has no setting for the console logger of a run."""
    for console in log._dagster_handler._loggers:
        console.addFilter(lambda record: not hasattr(record, attribute))
