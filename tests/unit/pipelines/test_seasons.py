"""Seasons start on 1 August, dates at midnight Eastern, and a date settles at noon two days later."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.seasons import eastern_date, season_of, settles_at


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("date", "season"),
    [
        ("2025-07-31", 2024),
        ("2025-08-01", 2025),
        ("2025-11-03", 2025),
        ("2025-12-31", 2025),
        ("2026-01-01", 2025),
        ("2026-04-06", 2025),
        ("2024-02-29", 2023),
        ("2010-11-01", 2010),
    ],
)
def test_a_season_is_named_by_the_year_in_which_it_starts(date: str, season: int) -> None:
    assert season_of(dt.date.fromisoformat(date)) == season


@given(st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1)))
def test_a_season_runs_from_1_august_to_31_july(date: dt.date) -> None:
    season = season_of(date)
    assert dt.date(season, 8, 1) <= date <= dt.date(season + 1, 7, 31)


@pytest.mark.parametrize(
    ("moment", "date"),
    [
        ("2025-11-04T04:59:59", "2025-11-03"),  # a second before midnight, winter time
        ("2025-11-04T05:00:00", "2025-11-04"),
        ("2026-03-09T03:59:59", "2026-03-08"),  # summer time since that morning
        ("2026-03-09T04:00:00", "2026-03-09"),
        ("2025-12-31T23:59:59", "2025-12-31"),
    ],
)
def test_the_eastern_date_changes_at_midnight_eastern(moment: str, date: str) -> None:
    assert eastern_date(utc(moment)) == dt.date.fromisoformat(date)


def test_the_eastern_date_does_not_depend_on_the_zone_of_the_moment() -> None:
    moment = utc("2025-11-04T04:30:00")
    zones = [dt.timezone(dt.timedelta(hours=hours)) for hours in (-10, -5, 0, 9)]
    assert {eastern_date(moment.astimezone(zone)) for zone in zones} == {dt.date(2025, 11, 3)}


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("2025-02-08", "2025-02-10T17:00"),
        ("2025-11-01", "2025-11-03T17:00"),  # winter time begins in between
        ("2026-03-07", "2026-03-09T16:00"),  # summer time does
        ("2025-12-30", "2026-01-01T17:00"),
    ],
)
def test_a_date_settles_at_noon_eastern_of_the_second_day_after(date: str, moment: str) -> None:
    assert settles_at(dt.date.fromisoformat(date)) == utc(moment)
