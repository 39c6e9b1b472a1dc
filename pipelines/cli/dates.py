"""Game dates as people type them."""

import datetime as dt
import re
from typing import Annotated, NamedTuple

import typer

from pipelines.seasons import eastern_date, season_dates


def parse_date(text: str, today: dt.date) -> dt.date:
    """Returns the date of `2025-11-12`, `today` or `yesterday`; today is US Eastern.

    Raises:
        typer.BadParameter: it is none of these.
    """
    named = {"today": today, "yesterday": today - dt.timedelta(days=1)}
    try:
        return named[text] if text in named else dt.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a date
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date like 2025-11-12, nor today or yesterday.") from None


def parse_typed_date(text: str) -> dt.date:
    """Returns the date of an argument."""
    return parse_date(text, eastern_date(dt.datetime.now(dt.UTC)))


def parse_days(text: str) -> int:
    """Returns the number of `7d` or `7`.

    Raises:
        typer.BadParameter: it is not a positive number of days.
    """
    if not (found := re.fullmatch(r"0*([1-9]\d{0,4})d?", text, re.ASCII)):
        raise typer.BadParameter(f"{text!r} is not a number of days like 7d.")
    return int(found[1])


class Range(NamedTuple):
    """A range of game dates, both included."""

    first: dt.date
    last: dt.date


def chosen_range(
    first: dt.date | None, last: dt.date | None, *, season: int | None, days: int | None, today: dt.date
) -> Range:
    """Returns the range of `FROM [TO]`, of a season up to today, or of the last days with today.

    Raises:
        typer.BadParameter: none or several of them are given.
    """
    if sum(choice is not None for choice in (first, season, days)) != 1:
        raise typer.BadParameter("give either FROM and perhaps TO, or --season, or --last, or --missing.")
    if season is not None:
        opening, end = season_dates(season)
        return Range(opening, min(end, max(opening, today)))
    if days is not None:
        return Range(today - dt.timedelta(days=days - 1), today)
    assert first is not None
    return Range(first, last or first)


GameDate = Annotated[
    dt.date | None,
    typer.Argument(parser=parse_typed_date, help="Game date, US Eastern; default: today.", metavar="DATE"),
]
