"""Which game dates are asked for again by themselves, and why. The decision is pure; its facts are Dagster's own."""

import datetime as dt
from typing import Final, NamedTuple

import dagster as dg

from pipelines.seasons import EASTERN, settles_at

REPAIR_DAYS: Final = 7
"""After so many days a date is given up, and only a check keeps saying so."""
FREQUENT: Final = dt.timedelta(hours=1)
RARE: Final = dt.timedelta(days=1)

REASON_TAG: Final = "gamepulse/reason"
PARTITION_TAG: Final = "dagster/partition"
RANGE_TAGS: Final = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
UNFINISHED: Final = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


class DateHistory(NamedTuple):
    """What Dagster knows of a game date. Times are aware."""

    loaded_at: dt.datetime | None
    """Its last materialization."""
    games_to_come: int
    """Games that were scheduled or live then."""
    last_run_at: dt.datetime | None
    """When its last run was made, by whomever."""
    last_run_failed: bool
    is_under_way: bool
    """A run of it is queued or running."""


def unsettled_reason(game_date: dt.date, history: DateHistory) -> str | None:
    """Why a past date is not done with, in words; None when it is."""
    if history.loaded_at is None:
        return "failed and never loaded" if history.last_run_failed else "never loaded"
    if history.last_run_failed and history.last_run_at is not None and history.last_run_at > history.loaded_at:
        return "its last run failed"
    if history.games_to_come:
        return f"not settled: {history.games_to_come} games scheduled or live"
    if history.loaded_at < settles_at(game_date):
        return "not settled: corrections may come until noon of the second day after"
    return None


def repair_reason(game_date: dt.date, history: DateHistory, now: dt.datetime) -> str | None:
    """Why the date is to be asked for now; None when it is not.

    Hourly on the day after the games, then daily and once when the date can settle, for a week.
    """
    day_over = dt.datetime.combine(game_date + dt.timedelta(days=1), dt.time(), EASTERN)
    if history.is_under_way or not day_over <= now < day_over + dt.timedelta(days=REPAIR_DAYS):
        return None
    reason = unsettled_reason(game_date, history)
    if reason is None:
        return None
    attempts = [moment for moment in (history.loaded_at, history.last_run_at) if moment is not None]
    if not attempts:
        return reason
    last = max(attempts)
    interval = FREQUENT if now < day_over + RARE else RARE
    can_settle = last < settles_at(game_date) <= now
    return reason if can_settle or now - last >= interval else None


def date_history(instance: dg.DagsterInstance, asset_key: dg.AssetKey, game_date: dt.date) -> DateHistory:
    """Reads a date's history from Dagster's event log and runs."""
    key = game_date.isoformat()
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=asset_key, asset_partitions=[key]), limit=1
    ).records
    loaded_at, games_to_come = None, 0
    if records:
        loaded_at = dt.datetime.fromtimestamp(records[0].timestamp, dt.UTC)
        materialization = records[0].asset_materialization
        metadata = materialization.metadata if materialization is not None else {}
        numbers = [metadata[name].value for name in ("games_scheduled", "games_live") if name in metadata]
        games_to_come = sum(number for number in numbers if isinstance(number, int))
    runs = instance.get_run_records(dg.RunsFilter(tags={PARTITION_TAG: key}), limit=1)
    return DateHistory(
        loaded_at=loaded_at,
        games_to_come=games_to_come,
        last_run_at=runs[0].create_timestamp if runs else None,
        last_run_failed=bool(runs) and runs[0].dagster_run.status == dg.DagsterRunStatus.FAILURE,
        is_under_way=bool(runs) and runs[0].dagster_run.status in UNFINISHED,
    )


def is_queued(instance: dg.DagsterInstance, partition_key: str) -> bool:
    """Returns whether a run of the partition is queued already."""
    queued = dg.RunsFilter(
        tags={PARTITION_TAG: partition_key},
        statuses=[dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED],
    )
    return instance.get_runs_count(queued) > 0
