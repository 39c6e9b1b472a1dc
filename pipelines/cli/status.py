"""What is in and what is not: `gamepulse status`."""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import sqlalchemy as sa
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from pipelines.cadence import next_tick
from pipelines.cli.format import format_eastern
from pipelines.postgres.database import DAGSTER_SCHEMA, connect
from pipelines.seasons import eastern_date, season_of

if TYPE_CHECKING:  # brings Dagster, which a database without its tables does not need
    from pipelines.runtime.history import ScheduleState

SHOWN: Final = 5
_TABLES: Final = sa.text(Path(__file__).with_name("status.sql").read_text())
_HAS_DAGSTER: Final = sa.text("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = :schema AND tablename = 'runs')")


class Warehouse(NamedTuple):
    """What the tables say; dates are US Eastern."""

    dates_in: int
    first_date: dt.date | None
    last_date: dt.date | None
    games: int
    last_fetched_at: dt.datetime | None
    missing: Sequence[dt.date]
    """Requested and never loaded, or between the first and the last loaded date with games of a season."""
    late: Sequence[dt.date]
    """More than two days ago, and not settled: games not over, or not looked at for corrections."""
    database_bytes: int
    failed: Mapping[dt.date, str]
    """Reasons of the dates whose last run failed."""


class Status(NamedTuple):
    """All that `gamepulse status` knows."""

    warehouse: Warehouse
    schedule: "ScheduleState | None"
    """None: Dagster has never run on this database."""
    database: str
    ncaa_api_url: str

    def next_tick_at(self, now: dt.datetime) -> dt.datetime | None:
        """When today is asked for again; None when nothing runs that would."""
        return next_tick(now) if self.schedule is not None and self.schedule.idle is None else None

    def to_json(self, now: dt.datetime) -> dict[str, object]:
        """What `--json` prints."""
        schedule = self.schedule
        return {
            "dates_in": self.warehouse.dates_in,
            "first_date": self.warehouse.first_date,
            "last_date": self.warehouse.last_date,
            "games": self.warehouse.games,
            "last_fetched_at": self.warehouse.last_fetched_at,
            "missing": self.warehouse.missing,
            "failed": {date.isoformat(): reason for date, reason in self.warehouse.failed.items()},
            "late": self.warehouse.late,
            "last_tick_at": schedule.last_tick_at if schedule is not None else None,
            "last_tick": schedule.last_tick if schedule is not None else None,
            "next_tick_at": self.next_tick_at(now),
            "database": self.database,
            "database_bytes": self.warehouse.database_bytes,
            "ncaa_api_url": self.ncaa_api_url,
        }


def read_warehouse(url: sa.URL, now: dt.datetime) -> Warehouse:
    """Raises DatabaseError: it cannot be read."""
    with connect(url) as connection:
        today = eastern_date(now)
        *columns, failed = connection.execute(_TABLES, {"today": today, "season": season_of(today)}).one()
        reasons = {dt.date.fromisoformat(date): reason for date, reason in failed.items()}
        return Warehouse._make([*columns, reasons])


def has_dagster(url: sa.URL) -> bool:
    """Whether Dagster has its tables in this database."""
    with connect(url) as connection:
        return bool(connection.scalar(_HAS_DAGSTER, {"schema": DAGSTER_SCHEMA}))


def status_table(status: Status, now: dt.datetime) -> Table:
    """A row a question."""
    warehouse, schedule = status.warehouse, status.schedule
    table = Table(title=f"GamePulse at {format_eastern(now, now)}", title_justify="left", show_header=False)
    for name, said in (
        ("Dates in", _dates_in(warehouse, now)),
        ("Missing", stretches(warehouse.missing) if warehouse.missing else "none"),
        ("Failed", _failed(warehouse.failed) if warehouse.failed else "none"),
        ("Late", f"{stretches(warehouse.late)}, not settled" if warehouse.late else "none"),
        ("Last tick", _last_tick(schedule, now)),
        ("Next tick", _next_tick(status, now)),
        ("Database", f"{status.database}, {decimal(warehouse.database_bytes)}"),
        ("NCAA API", status.ncaa_api_url),
    ):
        table.add_row(name, Text(said))
    return table


def stretches(dates: Sequence[dt.date]) -> str:
    """`4: 2025-01-02, 2025-01-05 to 2025-01-07`; of many only the last."""
    breaks = [later for earlier, later in pairwise(dates) if later - earlier > dt.timedelta(days=1)]
    starts = [*dates[:1], *breaks]
    ends = [date for date, following in pairwise(dates) if following in breaks] + [*dates[-1:]]
    said = [f"{first}" if first == last else f"{first} to {last}" for first, last in zip(starts, ends, strict=True)]
    more = f"{len(said) - SHOWN} more before, " if len(said) > SHOWN else ""
    return f"{len(dates)}: {more}{', '.join(said[-SHOWN:])}"


def _dates_in(warehouse: Warehouse, now: dt.datetime) -> str:
    if warehouse.last_fetched_at is None:
        return "none: `gamepulse up` brings in today, `gamepulse backfill` what was before"
    return (
        f"{warehouse.dates_in:,}, {warehouse.first_date} to {warehouse.last_date}: {warehouse.games:,} games, "
        f"the last asked for at {format_eastern(warehouse.last_fetched_at, now)}"
    )


def _failed(failed: Mapping[dt.date, str]) -> str:
    shown = [f"{date}: {failed[date]}" for date in list(failed)[-SHOWN:]]
    more = [f"and {len(failed) - SHOWN} more before"] if len(failed) > SHOWN else []
    return "\n".join(shown + more)


def _last_tick(schedule: "ScheduleState | None", now: dt.datetime) -> str:
    if schedule is None or schedule.last_tick_at is None:
        return "none yet"
    return f"{format_eastern(schedule.last_tick_at, now)}: {schedule.last_tick}"


def _next_tick(status: Status, now: dt.datetime) -> str:
    at = status.next_tick_at(now)
    if at is not None:
        return format_eastern(at, now)
    return f"none: {status.schedule.idle if status.schedule is not None else 'Dagster has never run here'}"
