"""The coverage report: one static HTML page about what is loaded of each season, and what is not."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final, Literal, NamedTuple

import jinja2
import sqlalchemy as sa
from sqlalchemy import Connection

from pipelines.seasons import EASTERN, eastern_date, season_of
from pipelines.warehouse.sql import read_sql

FIRST_SEASON: Final = 2010
_CELL: Final = 5  # pixels per date
State = Literal["settled", "open", "finding", "missing", "none", "ahead"]
LEGEND: Final[Mapping[State, str]] = {
    "settled": "all games loaded and settled",
    "open": "loaded, not settled: scores may change",
    "finding": "open findings, or not as many games as expected",
    "missing": "expected or requested, not loaded",
    "none": "no games",
    "ahead": "ahead",
}


class Day(NamedTuple):
    """What is known of a US Eastern date."""

    game_date: dt.date
    games_expected: int | None
    games_loaded: int
    games_undecided: int
    fetched_at: dt.datetime | None
    is_settled: bool
    findings: int = 0

    def state(self, today: dt.date) -> State:
        """Returns how the date stands."""
        if self.fetched_at is None:
            return "ahead" if self.game_date > today else "missing"
        if self.findings:
            return "finding"
        if self.game_date > today:
            return "ahead"
        if not self.is_settled:
            return "open"
        if self.games_expected != self.games_loaded:
            return "finding"
        return "settled" if self.games_loaded else "none"


class Agreement(NamedTuple):
    """How many teams' records equal those of the NCAA's standings of a morning."""

    as_of: dt.date
    teams: int
    teams_compared: int
    teams_agreed: int


class Season(NamedTuple):
    """A row of the report; counts are of the season's known dates up to today."""

    season: int
    games_expected: int | None
    """None: of no date is the number known."""
    games_loaded: int
    dates_missing: int
    dates_loaded: int
    dates_settled: int
    last_fetched_at: dt.datetime | None
    findings: int
    agreement: Agreement | None
    """None: no standings of the season are loaded."""
    days: Sequence[Day]

    @property
    def label(self) -> str:
        """`2025-26`."""
        return f"{self.season}-{(self.season + 1) % 100:02}"


def read_days(connection: Connection, sport: str, findings: Counter[dt.date | None]) -> list[Day]:
    """Returns the dates of which something is known, in order, with their numbers of open findings."""
    rows = connection.execute(sa.text(read_sql("coverage")), {"sport": sport})
    return [Day(**row, findings=findings[row["game_date"]]) for row in rows.mappings()]


def read_agreements(connection: Connection, sport: str) -> dict[int, Agreement]:
    """Returns the newest comparison with standings of each season."""
    rows = connection.execute(sa.text(read_sql("coverage_standings")), {"sport": sport})
    return {season: Agreement(*values) for season, *values in rows}


def seasons(days: Sequence[Day], agreements: Mapping[int, Agreement], now: dt.datetime) -> list[Season]:
    """Returns every season from 2010 on, the newest first, also those of which nothing is known."""
    today = eastern_date(now)
    return [
        _season(season, [day for day in days if season_of(day.game_date) == season], agreements.get(season), today)
        for season in range(season_of(today), FIRST_SEASON - 1, -1)
    ]


def _season(season: int, days: Sequence[Day], agreement: Agreement | None, today: dt.date) -> Season:
    past = [day for day in days if day.game_date <= today]
    expected = [day.games_expected for day in past if day.games_expected is not None]
    loaded = [day for day in past if day.fetched_at is not None]
    return Season(
        season,
        sum(expected) if expected else None,
        sum(day.games_loaded for day in past),
        len(past) - len(loaded),
        len(loaded),
        sum(day.is_settled for day in loaded),
        max((day.fetched_at for day in days if day.fetched_at is not None), default=None),
        sum(day.findings for day in days),
        agreement,
        days,
    )


def seasons_markdown(seasons: Sequence[Season]) -> str:
    """Returns the page's table without its heat map."""
    lines = [
        "Season | Games loaded | Dates settled | Dates missing | Agree with standings | Open findings",
        ":--- | ---: | ---: | ---: | ---: | ---:",
    ]
    for season in seasons:
        expected = f"{season.games_expected:,}" if season.games_expected is not None else "unknown"
        agreement = season.agreement
        cells = (
            season.label,
            f"{season.games_loaded:,} of {expected}",
            f"{season.dates_settled} of {season.dates_loaded}",
            season.dates_missing,
            f"{agreement.teams_agreed} of {agreement.teams}" if agreement is not None else "",
            season.findings,
        )
        lines.append(" | ".join(map(str, cells)))
    return "\n".join(lines)


def report_html(
    days: Sequence[Day],
    agreements: Mapping[int, Agreement],
    other_findings: int,
    now: dt.datetime,
    *,
    is_simulated: bool,
) -> str:
    """Returns the page as of an aware moment. It loads nothing and runs no script."""
    today = eastern_date(now)
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["eastern"] = lambda moment: f"{moment.astimezone(EASTERN):%Y-%m-%d %H:%M} ET"
    template = environment.from_string(files(__package__).joinpath("report.html.jinja").read_text(encoding="utf-8"))
    return template.render(
        seasons=seasons(days, agreements, now),
        other_findings=other_findings,
        now=now,
        today=today,
        is_simulated=is_simulated,
        legend=LEGEND,
        cell=_CELL,
        months=[(_column(dt.date(2000, month, 1)), name) for month, name in _MONTHS.items()],
        width=_CELL * (_column(dt.date(2001, 4, 16))),
        column=_column,
    )


_MONTHS: Final = {11: "November", 12: "December", 1: "January", 2: "February", 3: "March", 4: "April"}


def _column(date: dt.date) -> int:
    """Returns the column of a date in the heat map, which begins on 1 November; leap days do not shift March."""
    same = dt.date(2000 if date.month >= 8 else 2001, date.month, 28 if (date.month, date.day) == (2, 29) else date.day)
    return (same - dt.date(2000, 11, 1)).days
