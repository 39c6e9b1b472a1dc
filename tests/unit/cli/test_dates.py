"""Dates and ranges as people type them."""

from typing import Any

import pytest
import typer
from support.builders import day

from pipelines.cli.dates import chosen_range, parse_date, parse_days
from pipelines.partitions import days_between, ranges_of

TODAY = day("2026-01-10")


@pytest.mark.parametrize(
    ("typed", "date"), [("today", "2026-01-10"), ("yesterday", "2026-01-09"), ("2025-11-12", "2025-11-12")]
)
def test_a_date_is_a_day_or_its_name(typed: str, date: str) -> None:
    assert parse_date(typed, TODAY) == day(date)


@pytest.mark.parametrize("typed", ["tomorrow", "2025-13-45", "12.11.2025", "", "20251112"])
def test_anything_else_is_refused_with_what_is_expected(typed: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not a date like 2025-11-12, nor today or yesterday"):
        parse_date(typed, TODAY)


def test_days_are_counted_with_today() -> None:
    assert chosen_range(None, None, season=None, days=parse_days("7d"), today=TODAY) == (day("2026-01-04"), TODAY)
    assert parse_days("30") == 30
    for wrong in ("0d", "-1", "week", "7w"):
        with pytest.raises(typer.BadParameter):
            parse_days(wrong)


@pytest.mark.parametrize(
    ("season", "first", "last"),
    [(2024, "2024-11-01", "2025-04-08"), (2025, "2025-11-01", "2026-01-10"), (2026, "2026-11-01", "2026-11-01")],
)
def test_a_season_ends_today_at_the_latest(season: int, first: str, last: str) -> None:
    assert chosen_range(None, None, season=season, days=None, today=TODAY) == (day(first), day(last))


def test_one_date_is_a_range_and_choices_exclude_each_other() -> None:
    nothing: dict[str, Any] = {"season": None, "days": None, "today": TODAY}
    assert chosen_range(TODAY, None, **nothing) == (TODAY, TODAY)
    for first, choice in ((None, {}), (TODAY, {"season": 2024}), (None, {"season": 2024, "days": 7})):
        with pytest.raises(typer.BadParameter):
            chosen_range(first, None, **nothing | choice)


def test_dates_are_split_at_their_gaps() -> None:
    first, second = days_between(day("2026-01-01"), day("2026-01-03")), [day("2026-01-05")]
    assert ranges_of([*first, *second]) == [first, second]
    assert ranges_of([]) == []
