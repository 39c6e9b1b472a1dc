"""The command `gamepulse status`: loaded, missing, failed and late dates, and the schedule."""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import sqlalchemy as sa
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from sqlalchemy import URL, Connection

from pipelines.cadence import next_tick
from pipelines.cli.format import format_eastern
from pipelines.cli.options import AsJson, Simulate, print_json
from pipelines.cli.output import cell, say
from pipelines.cli.processes import runs_simulated
from pipelines.errors import GamePulseError
from pipelines.health.check import history_problems, read_history, read_problems, warehouse_problems
from pipelines.postgres.advice import warnings
from pipelines.postgres.database import connect, ready_database
from pipelines.postgres.url import describe, libpq_text
from pipelines.runtime.history import SCHEDULE_NAME, History, Problem
from pipelines.seasons import eastern_date, season_of
from pipelines.settings import Settings, explain_invalid
from pipelines.warehouse.resolutions import UNRESOLVED_DAYS

SHOWN: Final = 5
_TABLES: Final = sa.text(Path(__file__).with_name("status.sql").read_text())
OK, WARNING, CRITICAL, UNKNOWN = range(4)
"""Exit codes of `--check`, which are those of Nagios plugins."""
Check = Annotated[bool, typer.Option("--check", help="Print one line and exit non-zero when something is wrong.")]


def status(simulate: Simulate = False, as_json: AsJson = False, check: Check = False) -> None:
    """Show loaded, missing, failed and late dates, when today is next fetched, and the database and API in use.

    Problems: what keeps today's games from being fetched, and failed dates that are not requested again.

    Missing: past dates that were requested and never loaded, and gaps between a season's first and last loaded game;
    the current season lasts up to yesterday.

    Failed: dates whose last run failed, or was canceled before it loaded them.

    Stale answers: dates whose newest answer was older than the one before, and changed nothing.

    Unresolved: games still scheduled a week after their date; gamepulse resolve decides about one.

    Resolutions: decisions of gamepulse resolve and gamepulse accept that hold.

    Audit: how many records equal the NCAA's newest standings; gamepulse audit shows the others.

    Late: dates more than two days ago with games that are not over, or not yet re-checked for corrections.

    Example: gamepulse status --json

    Exit codes: 0 always, unless 1 the database cannot be used; 2 wrong arguments. With --check those of Nagios: 0
    nothing is wrong; 1 warning; 2 critical, also when the database cannot be used; 3 a setting is wrong.
    """
    now = dt.datetime.now(dt.UTC)
    if check:
        code, line = check_line(now)
        say(line)
        raise typer.Exit(code)
    settings = Settings()
    url = ready_database(settings)
    history = read_history(settings)
    problems = history_problems(history, now)
    with connect(url) as connection:
        warehouse = read_warehouse(connection, now)
        problems += warehouse_problems(connection, now)
    hints = [*warnings(url, settings)]
    if not simulate and runs_simulated(settings.gamepulse_home.resolve()):
        hints.append("This is not about the simulated games: `gamepulse status --simulate` is.")
    found = Status(warehouse, history, problems, url, settings.ncaa_api_url, hints)
    if as_json:
        print_json(found.to_json(now))
    else:
        Console().print(status_table(found, now))


def check_line(now: dt.datetime) -> tuple[int, str]:
    """Returns the exit code and the line of `--check`."""
    try:
        problems = read_problems(Settings(), now)
    except GamePulseError as error:
        problems = [Problem("database", True, str(error))]
    except ValidationError as error:
        return UNKNOWN, f"UNKNOWN: {explain_invalid(error)}"
    sentences = " ".join(" ".join(problem.sentence.split()) for problem in problems)
    if any(problem.is_critical for problem in problems):
        return CRITICAL, f"CRITICAL: {sentences}"
    return (WARNING, f"WARNING: {sentences}") if problems else (OK, "OK: nothing is wrong.")


class Warehouse(NamedTuple):
    """State of the tables; dates are US Eastern."""

    dates_in: int
    first_date: dt.date | None
    last_date: dt.date | None
    games: int
    last_fetched_at: dt.datetime | None
    missing: Sequence[dt.date]
    """Requested and never loaded, or between the first and the last loaded date with games of a season."""
    late: Sequence[dt.date]
    """More than two days ago and not settled: games not over, or not yet re-checked for corrections."""
    database_bytes: int
    failed: Mapping[dt.date, str]
    """Reasons of the dates whose last run failed."""
    stale: Sequence[dt.date] = ()
    """Dates whose newest answer was older than the one loaded, and changed nothing."""
    unresolved: Sequence[str] = ()
    """Date and id of games still scheduled a week after their date."""
    resolutions: Sequence[str] = ()
    """Decisions of people that hold, in words."""
    audit: str | None = None
    """How many records equal the NCAA's newest standings; None: no standings are loaded."""


class Status(NamedTuple):
    """What `gamepulse status` shows."""

    warehouse: Warehouse
    history: History | None
    """None: Dagster has never run on this database."""
    problems: Sequence[Problem]
    url: URL
    ncaa_api_url: str
    warnings: Sequence[str] = ()
    """Sentences about the database: its time zone, and the space left."""

    def next_tick_at(self, now: dt.datetime) -> dt.datetime | None:
        """Returns when today is next fetched; None when a problem prevents it."""
        stopped = {"clock", "daemon", "code location", f"{SCHEDULE_NAME} off", f"{SCHEDULE_NAME} late"}
        return next_tick(now) if stopped.isdisjoint(problem.cause for problem in self.problems) else None

    def to_json(self, now: dt.datetime) -> dict[str, object]:
        """Returns what `--json` prints."""
        schedule = self.history.schedule if self.history is not None else None
        return {
            "problems": [problem._asdict() for problem in self.problems],
            "dates_in": self.warehouse.dates_in,
            "first_date": self.warehouse.first_date,
            "last_date": self.warehouse.last_date,
            "games": self.warehouse.games,
            "last_fetched_at": self.warehouse.last_fetched_at,
            "missing": self.warehouse.missing,
            "failed": {date.isoformat(): reason for date, reason in self.warehouse.failed.items()},
            "late": self.warehouse.late,
            "stale": self.warehouse.stale,
            "unresolved": self.warehouse.unresolved,
            "resolutions": self.warehouse.resolutions,
            "audit": self.warehouse.audit,
            "last_tick_at": schedule.tick_at if schedule is not None else None,
            "last_tick": schedule.tick if schedule is not None else None,
            "next_tick_at": self.next_tick_at(now),
            "database": describe(self.url),
            "url": libpq_text(self.url, hide_password=True),
            "database_bytes": self.warehouse.database_bytes,
            "ncaa_api_url": self.ncaa_api_url,
            "warnings": self.warnings,
        }


def read_warehouse(connection: Connection, now: dt.datetime) -> Warehouse:
    """Reads the tables as of an aware moment."""
    today = eastern_date(now)
    values = {"today": today, "season": season_of(today), "unresolved_days": UNRESOLVED_DAYS}
    row = connection.execute(_TABLES, values).one()._mapping
    reasons = {dt.date.fromisoformat(date): reason for date, reason in row["failed"].items()}
    return Warehouse(**{**row, "failed": reasons})


def status_table(status: Status, now: dt.datetime) -> Table:
    """Returns one row per fact."""
    warehouse = status.warehouse
    table = Table(title=f"GamePulse at {format_eastern(now, now)}", title_justify="left", show_header=False)
    for name, value in (
        ("Problems", "\n".join(problem.sentence for problem in status.problems) or "none"),
        ("Loaded", _loaded(warehouse, now)),
        ("Missing", date_ranges(warehouse.missing) if warehouse.missing else "none"),
        ("Failed", _last_of([f"{date}: {reason}" for date, reason in warehouse.failed.items()], "dates")),
        ("Late", f"{date_ranges(warehouse.late)}, not settled" if warehouse.late else "none"),
        ("Stale answers", date_ranges(warehouse.stale) if warehouse.stale else "none"),
        ("Unresolved", _last_of(warehouse.unresolved, "games")),
        ("Resolutions", _last_of(warehouse.resolutions, "decisions")),
        ("Audit", warehouse.audit or "never compared with the NCAA's standings"),
        ("Last tick", _last_tick(status, now)),
        ("Next tick", _next_tick(status, now)),
        ("Database", f"{describe(status.url)}, {decimal(warehouse.database_bytes)}"),
        ("NCAA API", status.ncaa_api_url),
    ):
        table.add_row(name, cell(value))
    for sentence in status.warnings:
        table.add_row("Warning", cell(sentence))
    return table


def date_ranges(dates: Sequence[dt.date]) -> str:
    """Formats dates as `4: 2025-01-02, 2025-01-05 to 2025-01-07`; only the last ranges where there are many."""
    breaks = [later for earlier, later in pairwise(dates) if later - earlier > dt.timedelta(days=1)]
    starts = [*dates[:1], *breaks]
    ends = [date for date, following in pairwise(dates) if following in breaks] + [*dates[-1:]]
    ranges = [f"{first}" if first == last else f"{first} to {last}" for first, last in zip(starts, ends, strict=True)]
    more = f"{len(ranges) - SHOWN} earlier ranges, " if len(ranges) > SHOWN else ""
    return f"{len(dates)}: {more}{', '.join(ranges[-SHOWN:])}"


def _loaded(warehouse: Warehouse, now: dt.datetime) -> str:
    if warehouse.last_fetched_at is None:
        return "none: `gamepulse up` loads today, `gamepulse backfill` past dates"
    return (
        f"{warehouse.dates_in:,} dates, {warehouse.first_date} to {warehouse.last_date}, {warehouse.games:,} games; "
        f"last fetched at {format_eastern(warehouse.last_fetched_at, now)}"
    )


def _last_of(lines: Sequence[str], noun: str) -> str:
    more = [f"and {len(lines) - SHOWN} earlier {noun}"] if len(lines) > SHOWN else []
    return "\n".join([*lines[-SHOWN:], *more]) or "none"


def _last_tick(status: Status, now: dt.datetime) -> str:
    schedule = status.history.schedule if status.history is not None else None
    if schedule is None or schedule.tick_at is None:
        return "none yet"
    return f"{format_eastern(schedule.tick_at, now)}: {schedule.tick}"


def _next_tick(status: Status, now: dt.datetime) -> str:
    at = status.next_tick_at(now)
    return format_eastern(at, now) if at is not None else "none, see Problems"
