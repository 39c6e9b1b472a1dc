"""Plays a past season tick by tick. In the end every game is final with the simulator's score: also after two days
without the daemon, where clocks change, at the end of the year, and in other time zones of machine and database.

When a date is requested is tested in tests/integration/pipelines/test_schedules.py and
tests/unit/pipelines/test_repairs.py.
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from support.databases import Databases
from support.invariants import Tables, assert_same, clean_tables, tables
from support.postgres_servers import settings_for
from support.season import playing
from support.tables import DETAILS
from support.warehouse import Warehouse
from support.webserver import date_range

from pipelines.postgres.archive_copy import copy_archive
from pipelines.postgres.url import psycopg2_url
from simulator.faults import FAULTS, Target
from simulator.options import Options
from simulator.server import Served, serving

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1200)]

GAME_FAULTS = {name: {"share": 0.05} for name, fault in FAULTS.items() if fault.target is Target.GAME}
TEMPORARY_FAULTS = {
    None, "duplicate_id", "final_reverts", "implausible_final", "late_correction", "lower_id", "time_tba",
    "undecided_team",
}  # fmt: skip
"""Faults after which a game is final with its result under its original contest id."""
SLOW_FAULTS = {"hang", "drip", "oversized"}
OTHER_FAULTS = {
    name: {"share": 0.02}
    for name, fault in FAULTS.items()
    if fault.target is not Target.GAME and name not in SLOW_FAULTS
}
HOUR, QUARTER = dt.timedelta(hours=1), dt.timedelta(minutes=15)


@pytest.fixture
def api() -> Iterator[Served]:
    with serving(Options(season=2025)) as api:
        yield api


@pytest.fixture
def set_time_zone() -> Iterator[Callable[[sa.URL, str], None]]:
    """Sets the time zone of a database and of this process."""
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
    databases: Databases, api: Served, rounds: Callable[[int, int], int]
) -> None:
    """In full the season of 2025-26; in short a week with games that end after midnight."""
    first, last = ("2025-11-03", "2026-04-06") if rounds(0, 1) else ("2026-01-05", "2026-01-11")
    with databases.temporary() as url, playing(url, api, f"{first} 00:00") as player:
        player.play(f"{first} 00:00", _noon_after(last), HOUR)
        _assert_every_game_is_final(databases, url, api, first, last)
    assert any("yesterday's games are not over" in reasons for reasons in player.reasons.values())


def test_dates_missed_while_the_daemon_was_down_for_two_days_are_loaded(databases: Databases, api: Served) -> None:
    with databases.temporary() as url, playing(url, api, "2026-01-15 12:00") as player:
        player.play("2026-01-15 12:00", "2026-01-15 20:10", QUARTER)  # killed during games
        assert any(game["game_status"] == "live" for game in tables(url)["fact_game"])
        player.play("2026-01-17 20:00", _noon_after("2026-01-18"), HOUR)
        _assert_every_game_is_final(databases, url, api, "2026-01-15", "2026-01-18")
    assert player.reasons["2026-01-16"][0] == "never loaded"
    assert any(reason.startswith("not settled: ") for reason in player.reasons["2026-01-15"])


def test_a_season_with_every_fault_ends_with_the_games_of_a_clean_load(
    databases: Databases, api: Served, rounds: Callable[[int, int], int]
) -> None:
    """In full a month; in short a week. One of three answers is faulty, and three of four games have a fault.

    Faults of answers and dates end with the last date, so that the repairs can finish. Faults of games remain: the
    clean load has them too. Withdrawn games are not compared, because only the played season saw those ids. Games whose
    fault is temporary are also compared with the simulator's results, which the load cannot influence.
    """
    first, last = ("2026-01-05", "2026-02-08") if rounds(0, 1) else ("2026-01-05", "2026-01-11")
    api.simulator.faults.set(GAME_FAULTS | OTHER_FAULTS)
    with databases.temporary() as url, playing(url, api, f"{first} 00:00") as player:
        player.play(f"{first} 00:00", f"{last} 23:00", HOUR)
        api.simulator.faults.set(GAME_FAULTS)
        player.play(f"{_after(last, 1)} 00:00", f"{_after(last, 4)} 13:00", HOUR)
        actual = _active_games(tables(url), first, last)
        clean = clean_tables(databases, api.url, date_range(first, last))
    finals = {
        game["game_id"]: (game["home_score"], game["away_score"])
        for game in actual["fact_game"]
        if game["game_status"] == "final"
    }
    results = {
        f"ncaam_{game.contest_id}": (game.home_score, game.away_score)
        for day in date_range(first, last)
        for game in api.simulator.world.games(day)
        if api.simulator.faults.on_game(game.contest_id, day) in TEMPORARY_FAULTS
    }
    assert results.keys() - finals.keys() == set()
    assert {game_id: finals[game_id] for game_id in results} == results
    assert_same(actual, _active_games(clean, first, last))


@pytest.mark.timeout(5400)
def test_a_replay_of_the_archive_gives_back_a_season_that_was_played_with_faults(
    databases: Databases, api: Served, rounds: Callable[[int, int], int]
) -> None:
    """In full the season of 2025-26, in short an evening, every 15 minutes; at noon details of games."""
    evening = (("2026-01-12 19:00", "2026-01-13 00:30", QUARTER), ("2026-01-13 12:00", "2026-01-14 12:00", 8 * HOUR))
    spans = (("2025-11-03 00:00", "2026-04-08 13:00", QUARTER),) if rounds(0, 1) else evening
    api.simulator.faults.set(GAME_FAULTS | OTHER_FAULTS | {"http_429_retry_after": {"share": 0}})
    with databases.temporary() as url, databases.temporary() as empty:
        with playing(url, api, spans[0][0]) as player:
            for span in spans:
                player.poll(*span)
        with Warehouse.connect(url) as warehouse:
            played, details = warehouse.tables(), _details(warehouse)
            [size] = warehouse.query(_ARCHIVED_BYTES)
        assert empty.database is not None
        copy_archive(settings_for(url), empty.database)
        loaded = [row["game_date"] for row in played["scoreboard"]]
        with Warehouse.connect(empty) as warehouse:
            warehouse.replay(*loaded)
            assert_same(warehouse.tables(), played)
            assert_same({"game_detail": _details(warehouse)}, {"game_detail": details})
    assert details
    versions = Counter(row["game_id"] for row in played["game_history"])
    assert max(versions.values()) <= 45
    assert size["bytes"] < 150e6


@pytest.mark.parametrize(
    ("date", "zone"),
    [("2025-11-02", "Asia/Kolkata"), ("2026-01-01", "Pacific/Kiritimati"), ("2026-03-08", "America/Los_Angeles")],
    ids=["clocks go back", "the year ends", "clocks go forward"],
)
def test_dates_are_us_eastern_when_clocks_change_and_in_other_time_zones(
    databases: Databases, api: Served, date: str, zone: str, set_time_zone: Callable[[sa.URL, str], None]
) -> None:
    """The night of the date is played in ticks of 15 minutes."""
    before, after = (str(dt.date.fromisoformat(date) + dt.timedelta(days=number)) for number in (-1, 1))
    with databases.temporary() as url:
        set_time_zone(url, zone)
        with playing(url, api, f"{before} 12:00") as player:
            player.play(f"{before} 12:00", f"{before} 22:00", HOUR)
            player.play(f"{before} 23:00", f"{date} 04:00", QUARTER)
            player.play(f"{date} 05:00", _noon_after(after), HOUR)
            _assert_every_game_is_final(databases, url, api, before, after)
    assert set(player.reasons) >= {before, date, after}


_ARCHIVED_BYTES = "SELECT pg_total_relation_size('archive.body') + pg_total_relation_size('archive.sighting') AS bytes"


def _details(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Returns the details of games in a form that can be hashed."""
    arrays = ("home_points_by_period", "away_points_by_period")
    return [{**row, **{name: str(row[name]) for name in arrays}} for row in warehouse.query(DETAILS)]


def _active_games(all_tables: Tables, first: str, last: str) -> Tables:
    """Returns the games of these dates that are not withdrawn."""
    games = _within(all_tables, first, last)["fact_game"]
    return {"fact_game": [game for game in games if game["game_status"] != "withdrawn"]}


def _after(date: str, days: int) -> str:
    return str(dt.date.fromisoformat(date) + dt.timedelta(days=days))


def _noon_after(last: str) -> str:
    """Returns a time at which the last date is settled and the repairs ran."""
    return f"{dt.date.fromisoformat(last) + dt.timedelta(days=2)} 13:00"


def _assert_every_game_is_final(databases: Databases, url: sa.URL, api: Served, first: str, last: str) -> None:
    """Asserts that the tables equal those of one load of each date now."""
    clean = _within(clean_tables(databases, api.url, date_range(first, last)), first, last)
    assert {game["game_status"] for game in clean["fact_game"]} == {"final"}
    assert_same(_within(tables(url), first, last), clean)


def _within(all_tables: Tables, first: str, last: str) -> Tables:
    """Returns the rows of these dates; a first start also loads the week before and today."""
    span = set(date_range(first, last))
    return {name: [row for row in all_tables[name] if row["game_date"] in span] for name in ("fact_game", "scoreboard")}
