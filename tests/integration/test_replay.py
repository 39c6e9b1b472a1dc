"""The archive keeps what the source said, and a replay of it gives the tables back."""

import datetime as dt
import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.builders import at, day
from support.dagster_stack import PROJECT, environment
from support.invariants import assert_same
from support.postgres_servers import settings_for
from support.raw_games import raw_answer, raw_game
from support.season import playing
from support.tables import DETAILS, DISCREPANCIES, STANDINGS
from support.warehouse import Warehouse

from pipelines.errors import ArchiveError, GamePulseError
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ScoreboardResponse
from pipelines.partitions import days_between
from pipelines.postgres.archive_copy import copy_archive
from pipelines.seasons import EASTERN
from pipelines.warehouse.resolutions import Who, resolve_game, undo_resolution
from simulator.options import Options
from simulator.server import serving

DATE = day("2026-01-17")


def test_a_replay_gives_back_when_equal_answers_were_believed(database_url: sa.URL, warehouse: Warehouse) -> None:
    """The fourth of five equal answers, six hours after the first, confirms that a final is none."""
    final, live = raw_game(1), raw_game(1, gameState="live", currentPeriod="2ND", score=("78", "70"))
    said = [("21:00", final), ("21:30", live), ("23:30", live), ("25:30", live), ("27:30", live), ("29:30", live)]
    for hours, game in said:
        body = json.dumps(raw_answer(game, raw_game(2, "iona", "rider"))).encode()
        moment = at("2026-01-17 00:00") + dt.timedelta(hours=int(hours[:2]), minutes=int(hours[3:]))
        response = ScoreboardResponse(MENS_BASKETBALL, DATE, body, moment, "https://api.test")
        warehouse.load_and_keep(response, 2)
    played = warehouse.tables()
    moments = [row["changed_at"] for row in played["game_history"] if row["game_id"] == "ncaam_1"]
    assert moments == [at("2026-01-17 21:00"), at("2026-01-18 03:30")]
    assert warehouse.query("SELECT answers FROM archive.sighting ORDER BY sighting_id") == [
        {"answers": 1},
        {"answers": 3},
        {"answers": 2},
    ]

    warehouse.replay(DATE)
    assert_same(warehouse.tables(), played)


@pytest.fixture
def resolved(warehouse: Warehouse) -> Warehouse:
    """A game that a person calls canceled and later no more, each between two different answers."""
    who = Who("ada", "Flooded.")
    resolve = partial(resolve_game, league=MENS_BASKETBALL, game="1", status="canceled", who=who)
    undo = partial(undo_resolution, league=MENS_BASKETBALL, game="1", who=who)
    for number, decide in enumerate((resolve, undo, None)):
        body = json.dumps(
            raw_answer(raw_game(1, gameState="pre"), raw_game(2, "iona", "rider", network=f"TV {number}"))
        )
        moment = at("2026-01-18 12:00") + number * dt.timedelta(hours=1)
        response = ScoreboardResponse(MENS_BASKETBALL, DATE, body.encode(), moment, "https://api.test")
        warehouse.load_and_keep(response, 2)
        if decide is not None:
            warehouse.run(decide)
    versions = warehouse.query("SELECT game_status FROM game_history WHERE game_id = 'ncaam_1' ORDER BY version")
    assert [row["game_status"] for row in versions] == ["scheduled", "canceled", "scheduled"]
    return warehouse


def test_a_replay_applies_decisions_of_people_as_they_were_made(resolved: Warehouse) -> None:
    played, decisions = resolved.tables(), resolved.query("SELECT * FROM resolution")
    resolved.replay(DATE)
    assert_same(resolved.tables(), played)
    assert resolved.query("SELECT * FROM resolution") == decisions


@pytest.mark.slow
def test_a_replay_into_a_new_database_has_the_decisions_and_is_a_run_of_its_own(
    resolved: Warehouse, database_url: sa.URL, administrator: sa.Engine
) -> None:
    new = f"{database_url.database}_replayed"
    played = resolved.tables()
    variables = environment(
        DATABASE_URL=database_url.render_as_string(hide_password=False), NCAA_API_URL="http://[::1]:9"
    )
    command = [Path(sys.executable).parent / "gamepulse", "replay", str(DATE), str(DATE), "--into", new]
    try:
        done = subprocess.run(command, cwd=PROJECT, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "1 dates are loaded from the archive" in done.stdout
        with pytest.raises(ArchiveError, match="is not empty: name one that does not exist yet"):
            copy_archive(settings_for(database_url), new)
        with Warehouse.connect(database_url.set(database=new)) as replayed:
            assert_same(replayed.tables(), played)
            assert replayed.query("SELECT * FROM resolution") == resolved.query("SELECT * FROM resolution")
            assert replayed.query("SELECT value FROM dagster.run_tags WHERE key = 'replay'") == [{"value": "archive"}]
            assert replayed.query("SELECT * FROM requested_date") == []
    finally:
        with administrator.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {new} WITH (FORCE)"))
    assert_same(resolved.tables(), played)


def test_a_replay_gives_back_the_details_of_games(database_url: sa.URL, warehouse: Warehouse) -> None:
    now = dt.datetime(2026, 1, 11, 12, tzinfo=EASTERN)
    faults = {"no_location": {"share": 0.1}, "details_502": {"share": 0.1}}
    options = Options(now=now, speed=0, faults=faults)
    with serving(options) as api, playing(database_url, api, "2026-01-11 12:00") as player:
        player.load("2026-01-11 12:00", [day("2026-01-10")])
        player.load_details(now.date())
    played, details = warehouse.tables(), warehouse.query(DETAILS)
    assert sum(row["venue"] is not None for row in played["fact_game"]) > 100
    assert {str(row["missing_reason"])[:8] for row in details} == {"None", "The API'", "GET http"}

    warehouse.replay(day("2026-01-10"))
    assert_same(warehouse.tables(), played)
    assert warehouse.query(DETAILS) == details


def test_a_replay_into_empty_tables_compares_the_standings_of_each_morning(
    database_url: sa.URL, warehouse: Warehouse
) -> None:
    """Before the first two mornings not all games of the evening were over."""
    season = days_between(day("2025-11-03"), day("2025-11-21"))
    with serving(Options(season=2025)) as api, playing(database_url, api, "2025-11-18 12:00") as player:
        player.load("2025-11-18 12:00", days_between(day("2025-11-03"), day("2025-11-17")))
        for morning, evening in (("2025-11-19", "2025-11-18"), ("2025-11-20", "2025-11-19")):
            player.load(f"{evening} 22:00", [day(evening)])
            assert player.load_standings(f"{morning} 09:10").findings
            player.load(f"{morning} 12:00", [day(evening)])
        player.load("2025-11-21 08:00", [day("2025-11-20")])
        assert not player.load_standings("2025-11-21 09:10").findings
    standings, discrepancies = warehouse.query(STANDINGS), warehouse.query(DISCREPANCIES)
    assert {row["first_seen"] for row in discrepancies} == {day("2025-11-19"), day("2025-11-20")}

    warehouse.empty()
    warehouse.replay(*season)
    assert_same({"standing": warehouse.query(STANDINGS)}, {"standing": standings})
    assert warehouse.query(DISCREPANCIES) == discrepancies
    warehouse.replay(*season)  # in place, standings stay
    assert_same({"standing": warehouse.query(STANDINGS)}, {"standing": standings})
    assert warehouse.query(DISCREPANCIES) == discrepancies


@pytest.mark.parametrize("endpoint", ["standings", "details"])
def test_a_corrupt_body_fails_its_date_alone(database_url: sa.URL, warehouse: Warehouse, endpoint: str) -> None:
    dates = days_between(day("2025-11-03"), day("2025-11-05"))
    with serving(Options(season=2025)) as api, playing(database_url, api, "2025-11-06 12:00") as player:
        player.load("2025-11-06 12:00", dates)
        player.load_standings("2025-11-05 09:10")
        player.load_details(day("2025-11-05"))
    played = warehouse.tables()
    corrupt = """
        UPDATE archive.body SET content = '\\x00'
        WHERE sha256 = (SELECT sha256 FROM archive.sighting WHERE endpoint = $1 ORDER BY sighting_id LIMIT 1)
        RETURNING encode(sha256, 'hex') AS sha256
    """
    [corrupted] = warehouse.query(corrupt, endpoint)
    warehouse.empty()
    outcomes = warehouse.replay(*dates, may_fail=True)
    [failure] = [outcome for outcome in outcomes.values() if isinstance(outcome, GamePulseError)]
    assert str(failure).startswith(f"Body {corrupted['sha256']} of the archive, the {endpoint} of ")
    assert {row["game_id"] for row in warehouse.tables()["fact_game"]} == {
        row["game_id"] for row in played["fact_game"]
    }
