"""The rows of `gamepulse status`."""

import datetime as dt

import sqlalchemy as sa
from support.builders import at, day, game, scoreboard
from support.warehouse import Warehouse

from pipelines.cli import status
from pipelines.errors import UpstreamFailedError
from pipelines.postgres.database import connect
from pipelines.seasons import eastern_date
from pipelines.warehouse.requested_dates import record_outcomes, request_dates
from pipelines.warehouse.resolutions import UNRESOLVED_DAYS

NOW = at("2026-01-10 20:00")


def read_warehouse(url: sa.URL, now: dt.datetime) -> status.Warehouse:
    """Reads the tables."""
    with connect(url) as connection:
        return status.read_warehouse(connection, now)


def load(warehouse: Warehouse, *dates: str, state: str = "final 80-75") -> None:
    """Loads one game per date, fetched when the date can settle."""
    for date in dates:
        played = game(int(date.replace("-", "")), f"home-{date}", f"away-{date}", state)
        warehouse.load(scoreboard(date, NOW, played), games_expected=1)


def test_the_status_of_an_empty_database(database_url: sa.URL) -> None:
    found = read_warehouse(database_url, NOW)
    assert (found.dates_in, found.first_date, found.last_fetched_at) == (0, None, None)
    assert (found.missing, found.late) == ([], [])
    assert found.database_bytes > 1_000_000


def test_gaps_of_a_season_are_missing(warehouse: Warehouse, database_url: sa.URL) -> None:
    load(warehouse, "2024-03-01", "2024-03-04")  # a stretch of an older season
    load(warehouse, "2026-01-05", "2026-01-06")  # this season, up to yesterday
    load(warehouse, "2026-01-12", state="scheduled")  # announced
    found = read_warehouse(database_url, NOW)
    assert (found.dates_in, found.games) == (5, 5)
    assert (found.first_date, found.last_date) == (day("2024-03-01"), day("2026-01-12"))
    missing = ["2024-03-02", "2024-03-03", "2026-01-07", "2026-01-08", "2026-01-09"]
    assert found.missing == [day(date) for date in missing]


def test_free_days_after_the_last_game_of_a_season_are_not_missing(warehouse: Warehouse, database_url: sa.URL) -> None:
    load(warehouse, "2025-04-05", "2025-04-07", "2026-04-04", "2026-04-06")
    warehouse.load(scoreboard("2025-04-28", NOW), games_expected=0)  # asked for, and there was none
    for now in ("2026-04-07 12:00", "2026-04-30 12:00", "2026-10-30 12:00"):
        assert read_warehouse(database_url, at(now)).missing == [day("2025-04-06"), day("2026-04-05")]


def test_a_requested_date_that_never_loaded_is_missing_or_failed_at_any_age(
    warehouse: Warehouse, database_url: sa.URL
) -> None:
    dates = [day("2014-02-01"), day("2014-02-02"), day("2025-07-01"), day("2026-01-10")]
    with connect(database_url) as connection:
        request_dates(connection, "ncaam", dates, "backfill abc", at("2026-01-10 12:00"))
        record_outcomes(connection, "ncaam", {day("2014-02-02"): UpstreamFailedError("GET gave 500.")})
        connection.commit()
    found = read_warehouse(database_url, NOW)
    assert found.missing == [day("2014-02-01"), day("2025-07-01")], "today is not over"
    assert found.failed == {day("2014-02-02"): "GET gave 500."}
    load(warehouse, "2014-02-01", "2014-02-02")
    found = read_warehouse(database_url, NOW)
    assert (found.missing, found.failed) == ([day("2025-07-01")], {})


def test_dates_that_are_not_settled_after_two_days_are_late(warehouse: Warehouse, database_url: sa.URL) -> None:
    load(warehouse, "2026-01-05")
    load(warehouse, "2026-01-06", "2026-01-09", state="live 40-38 2nd 7:20")
    assert read_warehouse(database_url, NOW).late == [day("2026-01-06")]


def test_unresolved_games_stale_answers_and_resolutions_are_shown(warehouse: Warehouse, database_url: sa.URL) -> None:
    load(warehouse, "2026-01-02", "2026-01-03", state="scheduled")
    warehouse.query("UPDATE scoreboard SET last_stale_at = fetched_at + INTERVAL '1 s' WHERE game_date = '2026-01-02'")
    insert = """
        INSERT INTO resolution (
            sport, game_id, game_status, check_name, first_date, last_date, because, created_by, created_at, until
        )
        VALUES ('ncaam', $1, $2, $3, $4, $5, $6, 'ann', $7, $8)
    """
    first, last = day("2026-01-02"), day("2026-01-09")
    warehouse.query(insert, "ncaam_1", "canceled", None, None, None, "COVID", NOW, None)
    warehouse.query(insert, None, None, "no_suspect_games", first, first, "Reviewed", NOW, day("2026-01-10"))
    warehouse.query(insert, None, None, "no_suspect_games", first, last, "Reviewed", NOW, None)
    warehouse.query(insert, None, None, "no_suspect_games", first, last, "expired", NOW, last)
    warehouse.query(insert, None, None, "no_suspect_games", first, last, "undone", NOW, None)
    warehouse.query("UPDATE resolution SET closed_at = now(), closed_because = 'Undone.' WHERE because = 'undone'")
    found = read_warehouse(database_url, NOW)
    assert found.unresolved == ["2026-01-02 ncaam_20260102"], "a week ago is not yet unresolved"
    assert found.stale == [first]
    assert found.resolutions == [
        "ncaam_1 is canceled: COVID (ann, 2026-01-10)",
        "no_suspect_games accepted for 2026-01-02: Reviewed (ann, 2026-01-10, until 2026-01-10)",
        "no_suspect_games accepted for 2026-01-02 to 2026-01-09: Reviewed (ann, 2026-01-10)",
    ]


def test_the_view_of_unresolved_games_counts_from_a_week_on(warehouse: Warehouse) -> None:
    today = eastern_date(dt.datetime.now(dt.UTC))
    for days in (7, 8):
        load(warehouse, (today - dt.timedelta(days=days)).isoformat(), state="scheduled")
    [found] = warehouse.query("SELECT * FROM unresolved_game")
    assert (found["game_date"], found["days_ago"]) == (today - dt.timedelta(days=UNRESOLVED_DAYS + 1), 8)
    assert str(found["home_team"]).lower().startswith("home")
