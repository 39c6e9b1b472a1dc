"""Deletes runs from Dagster's history that later runs superseded: `gamepulse prune`, and the job `ncaa_prune`.

Dagster's own `retention` covers ticks only (https://github.com/dagster-io/dagster/issues/33785). A run is superseded
when a later run succeeded for each of its game dates, or for its job where it has none. Runs with the newest
materialization of a partition or the newest evaluation of a check stay, so that the pages of assets show the same
before and after.
"""

import datetime as dt
from importlib.resources import files
from typing import Final, NamedTuple, cast

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.runs.sql_run_storage import SqlRunStorage

SUPERSEDED_DAYS: Final = 14
"""Days after which a superseded run that succeeded is deleted."""
FAILED_DAYS: Final = 90
"""Days after which a superseded run that failed or was canceled is deleted."""
PRUNED_AT_ONCE: Final = 1_000
"""Runs that the job deletes at most, which takes some seconds: it occupies a slot of the queue."""

_RUNS: Final = sa.text(files(__package__).joinpath("prune.sql").read_text(encoding="utf-8"))
# Dagster's deletion of a run leaves the rows of its checks: https://github.com/dagster-io/dagster/pull/18341
_ORPHANED: Final = (
    "FROM asset_check_executions AS row WHERE NOT EXISTS (SELECT FROM runs WHERE runs.run_id = row.run_id)"
)
_COUNT_ORPHANED: Final = sa.text(f"SELECT count(*) {_ORPHANED}")
_DELETE_ORPHANED: Final = sa.text(f"DELETE {_ORPHANED}")


class Pruned(NamedTuple):
    """What was deleted, or would be."""

    superseded: int
    """Runs that succeeded."""
    failed: int
    """Runs that failed or were canceled."""
    orphaned: int
    """Rows of checks whose run was deleted before."""


def prune(
    instance: dg.DagsterInstance, now: dt.datetime, *, at_most: int | None = None, dry_run: bool = False
) -> Pruned:
    """Deletes superseded runs as of an aware moment, oldest first, and rows of checks that belong to no run.

    Raises:
        DBAPIError: Dagster's tables cannot be used.
    """
    storage = cast(SqlRunStorage, instance.run_storage)
    moment = now.astimezone(dt.UTC).replace(tzinfo=None)  # as Dagster stores it
    values = {
        "success_before": moment - dt.timedelta(days=SUPERSEDED_DAYS),
        "failure_before": moment - dt.timedelta(days=FAILED_DAYS),
        "at_most": at_most,
    }
    with storage.connect() as connection:
        orphaned = connection.execute(_COUNT_ORPHANED).scalar_one()
        runs = connection.execute(_RUNS, values).all()
    if not dry_run:
        for run_id, _ in runs:
            instance.delete_run(run_id)
        with storage.connect() as connection:
            connection.execute(_DELETE_ORPHANED)
    superseded = sum(status == dg.DagsterRunStatus.SUCCESS.value for _, status in runs)
    return Pruned(superseded, len(runs) - superseded, orphaned)
