"""What `gamepulse status` reads of a real database."""

import pytest
import sqlalchemy as sa
from support.builders import at, day, game, scoreboard
from support.warehouse import Warehouse

from pipelines.cli.status import has_dagster, read_warehouse

NOW = at("2026-01-10 20:00")


def load(warehouse: Warehouse, *dates: str, said: str = "final 80-75") -> None:
    """A game each, asked for when the date can settle."""
    for date in dates:
        warehouse.load(scoreboard(date, NOW, game(int(date.replace("-", "")), f"home-{date}", f"away-{date}", said)))


def test_an_empty_database_is_a_status_too(database_url: sa.URL) -> None:
    found = read_warehouse(database_url, NOW)
    assert (found.dates_in, found.first_date, found.last_fetched_at) == (0, None, None)
    assert (found.missing, found.late) == ([], [])
    assert found.database_bytes > 1_000_000
    assert not has_dagster(database_url)


def test_gaps_of_a_season_are_missing_and_what_nobody_asked_for_is_not(
    warehouse: Warehouse, database_url: sa.URL
) -> None:
    load(warehouse, "2024-03-01", "2024-03-04")  # a stretch of an older season
    load(warehouse, "2025-04-28", "2025-05-05")  # May is off season
    load(warehouse, "2026-01-05", "2026-01-06")  # this season, up to yesterday
    load(warehouse, "2026-01-12", said="scheduled")  # announced
    found = read_warehouse(database_url, NOW)
    assert (found.dates_in, found.games) == (7, 7)
    assert (found.first_date, found.last_date) == (day("2024-03-01"), day("2026-01-12"))
    missing = ["2024-03-02", "2024-03-03", "2025-04-29", "2025-04-30", "2026-01-07", "2026-01-08", "2026-01-09"]
    assert found.missing == [day(date) for date in missing]


def test_dates_that_are_not_settled_after_two_days_are_late(warehouse: Warehouse, database_url: sa.URL) -> None:
    load(warehouse, "2026-01-05")
    load(warehouse, "2026-01-06", "2026-01-09", said="live 40-38 2nd 7:20")
    assert read_warehouse(database_url, NOW).late == [day("2026-01-06")]


@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [
        ("2025-04-29", "2025-05-02", ["2025-04-30"]),  # 1 May is off season
        ("2024-10-30", "2024-11-02", ["2024-11-01"]),  # so is 31 October
    ],
)
def test_dates_of_the_off_season_are_not_missing(
    warehouse: Warehouse, database_url: sa.URL, before: str, after: str, missing: list[str]
) -> None:
    load(warehouse, before, after)
    assert read_warehouse(database_url, NOW).missing == [day(date) for date in missing]
