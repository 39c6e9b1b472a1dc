"""Teams loaded under a slug that became an alias later: merging equals loading under the canonical slug."""

import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from support.builders import game, scoreboard, team
from support.databases import Databases
from support.warehouse import Warehouse

from pipelines.errors import TeamAliasError
from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.postgres.database import connect
from pipelines.warehouse.load import TAKE_TURN
from pipelines.warehouse.merge_teams import merge_teams

ALIASES = {"liu-brooklyn": "long-island", "liu": "long-island", "st-francis-brooklyn": "st-francis-ny"}


@pytest.fixture(scope="module")
def database_url(databases: Databases) -> Iterator[sa.URL]:
    """One database for the tests of this module."""
    with databases.temporary() as url:
        yield url


@pytest.fixture(scope="module")
def module_warehouse(database_url: sa.URL) -> Iterator[Warehouse]:
    with Warehouse.connect(database_url) as warehouse:
        yield warehouse


@pytest.fixture
def warehouse(module_warehouse: Warehouse) -> Warehouse:
    """The module's warehouse, emptied."""
    module_warehouse.empty()
    return module_warehouse


def merge(url: sa.URL) -> int:
    with connect(url) as connection:
        merged = merge_teams(connection, ALIASES)
        connection.commit()
    return merged


def boards(*, canonical: bool) -> list[ParsedScoreboard]:
    """Dates of several seasons on which a school is listed under its canonical slug and under aliases."""

    def slug(alias: str) -> str:
        return ALIASES[alias] if canonical else alias

    return [
        # Only under the alias, which becomes the current row of the school.
        scoreboard(
            "2017-12-02",
            "2017-12-04 13:00",
            game(1, team(slug("liu-brooklyn"), "nec", name="LIU Brooklyn"), team("wagner", "nec"), "final 80-70"),
            game(2, team(slug("st-francis-brooklyn"), name="St. Francis"), team("iona", "maac"), "final 60-70"),
        ),
        # Under both in one season, each the newer source of some values, and in another conference each time.
        scoreboard(
            "2019-12-02",
            "2019-12-04 13:00",
            game(
                3, team("long-island", "america-east", name="Long Island", full_name="LIU in full"), "iona", "final 1-2"
            ),
            game(4, team("wagner", "nec"), "unc", "final 80-70"),
        ),
        scoreboard(
            "2019-12-05",
            "2019-12-07 13:00",
            game(
                5, team(slug("liu-brooklyn"), "nec", name="LIU Brooklyn", abbreviation="LIU"), "wagner", "final 80-70"
            ),
        ),
        scoreboard(
            "2019-12-08",
            "2019-12-10 13:00",
            game(6, team(slug("liu"), name=None), team("wagner", "nec"), "final 80-70"),
            game(7, team("duke", "acc"), team(slug("st-francis-brooklyn"), "nec", name="SFC"), "final 80-70"),
        ),
        # Two aliases of one school, and no row under its own slug.
        scoreboard("2021-12-02", "2021-12-04 13:00", game(8, team(slug("liu"), name=None), "iona", "final 80-70")),
        scoreboard(
            "2021-12-03",
            "2021-12-05 13:00",
            game(9, "iona", team(slug("liu-brooklyn"), "nec", name="LIU"), "final 8-7"),
        ),
        # No name at all.
        scoreboard("2020-12-02", "2020-12-04 13:00", game(12, team(slug("liu"), name=None), "iona", "final 80-70")),
        # The latest season is the school's own.
        scoreboard("2022-12-03", "2022-12-05 13:00", game(10, team("long-island", "nec"), "iona", "final 80-70")),
    ]


@pytest.mark.parametrize("order", [1, -1], ids=["oldest first", "newest first"])
def test_merged_tables_equal_those_loaded_under_the_canonical_slug(
    warehouse: Warehouse, database_url: sa.URL, order: int
) -> None:
    warehouse.load(*boards(canonical=True)[::order])
    expected = warehouse.tables()
    warehouse.empty()
    warehouse.load(*boards(canonical=False)[::order])
    assert warehouse.tables() != expected

    assert merge(database_url) == 8
    assert warehouse.tables() == expected


def test_a_later_season_under_the_alias_becomes_the_current_one(warehouse: Warehouse, database_url: sa.URL) -> None:
    # The row that becomes current is older than the one that stops being it.
    warehouse.load(*boards(canonical=False)[:1])
    warehouse.load(scoreboard("2012-12-03", "2012-12-05 13:00", game(11, "long-island", "iona", "final 80-70")))
    merge(database_url)
    rows = warehouse.query("SELECT season, is_current FROM dim_team WHERE slug = 'long-island' ORDER BY season")
    assert [tuple(row.values()) for row in rows] == [(2012, False), (2017, True)]


def test_a_second_merge_writes_nothing(warehouse: Warehouse, database_url: sa.URL) -> None:
    warehouse.load(*boards(canonical=False))
    merge(database_url)
    versions = """
        SELECT 'team' AS name, team_key AS key, xmin::text FROM dim_team
        UNION ALL
        SELECT 'game', game_key, xmin::text FROM fact_game"""
    before = warehouse.query(versions)
    [lsn] = warehouse.query("SELECT pg_current_wal_insert_lsn() AS lsn")

    assert merge(database_url) == 0
    assert warehouse.query(versions) == before
    [written] = warehouse.query("SELECT pg_current_wal_insert_lsn() - $1::pg_lsn AS bytes", lsn["lsn"])
    assert written["bytes"] < 1000


def test_only_rows_of_the_merged_schools_are_written(warehouse: Warehouse, database_url: sa.URL) -> None:
    warehouse.load(*boards(canonical=False))
    others = """
        SELECT slug, season, xmin::text FROM dim_team
        WHERE slug !~ '^(long-island|liu|st-francis)'
           OR (slug, season) = ('long-island', 2022)
        ORDER BY slug, season"""
    before = warehouse.query(others)
    merge(database_url)
    assert warehouse.query(others) == before
    [untouched] = warehouse.query("SELECT count(*) AS games FROM fact_game WHERE updated_at = created_at")
    assert untouched["games"] >= 4


def test_games_of_the_same_school_are_refused_and_nothing_is_merged(warehouse: Warehouse, database_url: sa.URL) -> None:
    warehouse.load(scoreboard("2019-12-02", "2019-12-04 13:00", game(1, "liu", "long-island", "final 80-70")))
    before = warehouse.tables()
    with pytest.raises(TeamAliasError, match=r"liu and long-island are one team .*ncaam_1: remove the alias"):
        merge(database_url)
    assert warehouse.tables() == before


def test_kept_evidence_names_the_canonical_team(warehouse: Warehouse, database_url: sa.URL) -> None:
    warehouse.load(*boards(canonical=False)[:1])
    warehouse.query("""
        INSERT INTO game_evidence (sport, contest_id, game_date, statement, feed, is_withdrawn)
        VALUES
            ('ncaam', 1, '2017-12-02', '{"home_slug": "liu-brooklyn", "away_slug": "wagner", "n": 1}', 'legacy', false),
            ('ncaam', 2, '2017-12-02', '{"home_slug": "iona", "away_slug": "wagner"}', 'legacy', false)""")
    merge(database_url)
    rows = warehouse.query("SELECT statement FROM game_evidence ORDER BY contest_id")
    assert [row["statement"] for row in rows] == [
        {"n": 1, "away_slug": "wagner", "home_slug": "long-island"},
        {"away_slug": "wagner", "home_slug": "iona"},
    ]


def test_a_merge_waits_for_a_running_load(warehouse: Warehouse, database_url: sa.URL) -> None:
    warehouse.load(*boards(canonical=False)[:1])
    thread = threading.Thread(target=merge, args=(database_url,))
    with connect(database_url) as load:
        load.execute(TAKE_TURN)
        thread.start()
        waiting = sa.text("SELECT count(*) FROM pg_locks WHERE relation = 'load_turn'::regclass AND NOT granted")
        while thread.is_alive() and not load.scalar(waiting):
            time.sleep(0.01)
        assert thread.is_alive()
        load.rollback()
    thread.join()
    assert {row["slug"] for row in warehouse.query("SELECT slug FROM dim_team")}.isdisjoint(ALIASES)
