"""A range of game dates in one Dagster run of this process: `gamepulse backfill`."""

import datetime as dt
from typing import NamedTuple

import dagster as dg

from pipelines.definitions import defs
from pipelines.errors import ConfigurationError
from pipelines.failures import failure_reasons
from pipelines.partitions import game_dates
from pipelines.repairs import RANGE_TAGS
from pipelines.settings import PROJECT

SECONDS_A_DATE = 2
"""Several times what a date takes at five requests a second."""


class BackfillResult(NamedTuple):
    """What a backfill did: the run's id, how many of the dates are in, and why others are not (None: all are)."""

    run_id: str
    dates: int
    dates_loaded: int
    failure: str | None


def backfill(first: dt.date, last: dt.date) -> BackfillResult:
    """Materializes all dates from `first` to `last`, both included, and records each in Dagster as it is there.

    Raises:
        ConfigurationError: the range is empty, or not within the partitions.
    """
    _require_partitions(first, last)
    dates = (last - first).days + 1
    tags = dict(zip(RANGE_TAGS, (first.isoformat(), last.isoformat()), strict=True))
    tags["dagster/max_runtime"] = str(300 + SECONDS_A_DATE * dates)
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        result = defs.resolve_job_def("ncaa_ingestion").execute_in_process(
            instance=instance, tags=tags, raise_on_error=False
        )
    loaded = {event.partition for event in result.get_asset_materialization_events() if event.partition is not None}
    reasons = failure_reasons(result.get_step_failure_events())
    failure = None if result.success else "\n".join(reasons) or "The run did not succeed."
    return BackfillResult(result.run_id, dates, len(loaded), failure)


def _require_partitions(first: dt.date, last: dt.date) -> None:
    earliest, latest = game_dates.get_first_partition_key(), game_dates.get_last_partition_key()
    if first > last:
        raise ConfigurationError(f"The range from {first} to {last} is empty: give the earlier date first.")
    if earliest is None or latest is None or first.isoformat() < earliest or last.isoformat() > latest:
        raise ConfigurationError(f"{first} to {last} is not within {earliest} to {latest}, the dates that there are.")
