"""A past season played tick by tick: what schedule and repairs ask for at explicit times, with the simulator's clock
moved along. In the end every game is final with the simulator's score, also where the daemon was away for two days,
where the clocks change, where the year ends, and where machine and database live in other time zones.

What is asked for when is in tests/integration/pipelines/test_schedules.py and tests/unit/pipelines/test_repairs.py.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from support.invariants import Tables, assert_same, clean_tables, days, new_database, tables
from support.season import playing

from pipelines.postgres.url import psycopg2_url
from simulator.options import Options
from simulator.server import Served, serving

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1200)]

HOUR, QUARTER = dt.timedelta(hours=1), dt.timedelta(minutes=15)


@pytest.fixture
def api() -> Iterator[Served]:
    with serving(Options(season=2025)) as api:
        yield api


@pytest.fixture
def elsewhere() -> Iterator[Callable[[sa.URL, str], None]]:
    """Takes a database and this machine to another time zone."""
    with pytest.MonkeyPatch.context() as patch:

        def move(url: sa.URL, zone: str) -> None:
            engine = sa.create_engine(psycopg2_url(url, "public"))
            with engine.begin() as connection:
                connection.execute(sa.text(f"ALTER DATABASE {url.database} SET timezone = '{zone}'"))
            engine.dispose()
            patch.setenv("TZ", zone)
            time.tzset()

        yield move
    time.tzset()


def test_a_season_ends_with_every_game_final(
    postgres_server: sa.URL, api: Served, rounds: Callable[[int, int], int]
) -> None:
    """In full the season of 2025-26 from its first day, in short a week with games that end after midnight."""
    first, last = ("2025-11-03", "2026-04-06") if rounds(0, 1) else ("2026-01-05", "2026-01-11")
    url = new_database(postgres_server, "season")
    with playing(url, api, f"{first} 00:00") as player:
        player.play(f"{first} 00:00", _noon_after(last), HOUR)
        _assert_every_game_is_final(postgres_server, url, api, first, last, "season_clean")
    assert any("yesterday's games are not over" in reasons for reasons in player.reasons.values())


def test_a_daemon_that_is_killed_and_started_two_days_later_makes_up_for_it(
    postgres_server: sa.URL, api: Served
) -> None:
    url = new_database(postgres_server, "two_days")
    with playing(url, api, "2026-01-15 12:00") as player:
        player.play("2026-01-15 12:00", "2026-01-15 20:10", QUARTER)  # killed with games on
        assert any(game["game_status"] == "live" for game in tables(url)["fact_game"])
        player.play("2026-01-17 20:00", _noon_after("2026-01-18"), HOUR)
        _assert_every_game_is_final(postgres_server, url, api, "2026-01-15", "2026-01-18", "two_days_clean")
    assert player.reasons["2026-01-16"][0] == "never loaded"
    assert any(reason.startswith("not settled: ") for reason in player.reasons["2026-01-15"])


@pytest.mark.parametrize(
    ("date", "zone"),
    [("2025-11-02", "Asia/Kolkata"), ("2026-01-01", "Pacific/Kiritimati"), ("2026-03-08", "America/Los_Angeles")],
    ids=["clocks go back", "the year ends", "clocks go forward"],
)
def test_dates_are_those_of_new_york_whatever_the_clocks_do(
    postgres_server: sa.URL, api: Served, date: str, zone: str, elsewhere: Callable[[sa.URL, str], None]
) -> None:
    """The night in question in quarters of an hour, on a machine and a database of another time zone."""
    before, after = (str(dt.date.fromisoformat(date) + dt.timedelta(days=number)) for number in (-1, 1))
    name = f"clock_{date.replace('-', '')}"
    url = new_database(postgres_server, name)
    elsewhere(url, zone)
    with playing(url, api, f"{before} 12:00") as player:
        player.play(f"{before} 12:00", f"{before} 21:00", HOUR)
        player.play(f"{before} 22:00", f"{date} 06:00", QUARTER)
        player.play(f"{date} 07:00", _noon_after(after), HOUR)
        _assert_every_game_is_final(postgres_server, url, api, before, after, f"{name}_clean")
    assert set(player.reasons) >= {before, date, after}


def _noon_after(last: str) -> str:
    """When the last date settles, and a repair had its hour."""
    return f"{dt.date.fromisoformat(last) + dt.timedelta(days=2)} 13:00"


def _assert_every_game_is_final(server: sa.URL, url: sa.URL, api: Served, first: str, last: str, name: str) -> None:
    """And the tables are those of one load of each date now."""
    found, clean = (
        _of(rows, first, last) for rows in (tables(url), clean_tables(server, name, api.url, days(first, last)))
    )
    assert {game["game_status"] for game in clean["fact_game"]} == {"final"}
    assert_same(found, clean)


def _of(found: Tables, first: str, last: str) -> Tables:
    """Without the week before, which a first start asks for, and today."""
    span = set(days(first, last))
    return {name: [row for row in found[name] if row["game_date"] in span] for name in ("fact_game", "scoreboard")}
