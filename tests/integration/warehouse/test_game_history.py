"""`game_history`: what `fact_game` showed of a game, and since when. The reference model of the rules has it too."""

import datetime as dt
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from support.builders import at, day, game, scoreboard
from support.warehouse import Warehouse

from models.migrations import alembic_config
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect
from pipelines.warehouse.resolutions import Who, resolve_game, undo_resolution


def play(warehouse: Warehouse, *said: tuple[str, str]) -> None:
    """Loads game 100 of 2026-01-17 at moments, as its scoreboard said it then."""
    for moment, state in said:
        warehouse.load(scoreboard("2026-01-17", moment, game(100, "duke", "unc", state)), games_expected=1)


def versions(warehouse: Warehouse, *columns: str) -> list[tuple[Any, ...]]:
    rows = warehouse.query(f"SELECT {', '.join(columns)} FROM game_history ORDER BY game_id, version")
    return [tuple(row.values()) for row in rows]


def test_every_change_of_state_score_or_date_is_a_version_and_nothing_else_is(warehouse: Warehouse) -> None:
    play(
        warehouse,
        ("2026-01-16 12:00", "scheduled"),
        ("2026-01-17 18:55", "scheduled"),
        ("2026-01-17 19:15", "live 10-12 1st 7:20"),
        ("2026-01-17 19:30", "live 10-12 1st 7:10"),  # only the clock
        ("2026-01-17 19:45", "live 33-30 halftime"),
        ("2026-01-17 21:15", "final 80-75"),
        ("2026-01-17 21:30", "final 80-75"),
        ("2026-01-18 12:00", "final 80-76"),
    )
    warehouse.load(scoreboard("2026-01-19", "2026-01-19 12:00", game(100, "duke", "unc", "final 80-76")))

    assert versions(warehouse, "changed_at", "game_date", "game_status", "home_score", "away_score", "game_clock") == [
        (at("2026-01-16 12:00"), day("2026-01-17"), "scheduled", None, None, None),
        (at("2026-01-17 19:15"), day("2026-01-17"), "live", 10, 12, "7:20"),
        (at("2026-01-17 19:45"), day("2026-01-17"), "live", 33, 30, None),
        (at("2026-01-17 21:15"), day("2026-01-17"), "final", 80, 75, None),
        (at("2026-01-18 12:00"), day("2026-01-17"), "final", 80, 76, None),
        (at("2026-01-19 12:00"), day("2026-01-19"), "final", 80, 76, None),
    ]


def test_a_final_that_is_contradicted_changes_when_the_contradiction_is_believed(warehouse: Warehouse) -> None:
    play(
        warehouse,
        ("2026-01-17 21:15", "final 80-75"),
        ("2026-01-17 21:30", "live 78-75 2nd 0:10"),  # suspect, not shown
        ("2026-01-18 03:30", "live 78-75 2nd 0:10"),
    )
    shown = [(at("2026-01-17 21:15"), "final", 80), (at("2026-01-18 03:30"), "live", 78)]
    assert versions(warehouse, "changed_at", "game_status", "home_score") == shown


def test_a_game_issued_again_has_a_history_under_each_contest_id(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2026-01-17", "2026-01-16 12:00", game(100, "duke", "unc")),
        scoreboard("2026-01-17", "2026-01-17 12:00", game(101, "duke", "unc")),
        games_expected=1,
    )
    assert versions(warehouse, "game_id", "version", "changed_at", "game_status") == [
        ("ncaam_100", 1, at("2026-01-16 12:00"), "scheduled"),
        ("ncaam_100", 2, at("2026-01-17 12:00"), "withdrawn"),
        ("ncaam_101", 1, at("2026-01-17 12:00"), "scheduled"),
    ]


@pytest.mark.parametrize(("minutes", "most"), [(15, 15), (1, 45)])
def test_a_game_has_few_versions_however_often_it_is_fetched(warehouse: Warehouse, minutes: int, most: int) -> None:
    """Each half is 60 minutes, and every fetch of it finds another score."""
    play(warehouse, ("2026-01-17 12:00", "scheduled"))
    for hour, period in ((19, "1st"), (20, "2nd")):
        play(
            warehouse,
            *(
                (f"2026-01-17 {hour}:{minute:02}", f"live {minute + hour}-{hour} {period}")
                for minute in range(0, 60, minutes)
            ),
        )
    play(warehouse, ("2026-01-17 21:00", "final 90-80"))

    shown = versions(warehouse, "changed_at", "home_score")
    assert 10 <= len(shown) <= most
    assert {(at("2026-01-17 19:00"), 19), (at("2026-01-17 20:00"), 20)} < set(shown), "each period's start is exact"
    moments = [moment for moment, _ in shown[1:]]
    assert max(later - earlier for earlier, later in pairwise(moments)) <= dt.timedelta(minutes=max(minutes, 5))
    assert shown[-2] == (at(f"2026-01-17 20:{60 - minutes}"), 80 - minutes), "the last live score is the latest"


def test_a_persons_decision_and_its_end_are_versions_at_their_moments(warehouse: Warehouse) -> None:
    play(warehouse, ("2026-01-17 12:00", "scheduled"))
    who = Who("ada", "Called off.")
    warehouse.run(partial(resolve_game, league=MENS_BASKETBALL, game="100", status="canceled", who=who))
    warehouse.run(partial(undo_resolution, league=MENS_BASKETBALL, game="100", who=who))

    [decision] = warehouse.query("SELECT created_at, closed_at FROM resolution")
    assert versions(warehouse, "changed_at", "game_status")[1:] == [
        (decision["created_at"], "canceled"),
        (decision["closed_at"], "scheduled"),
    ]


def test_games_from_before_the_table_begin_with_what_they_are(database_url: sa.URL) -> None:
    config = alembic_config()
    with Warehouse.connect(database_url) as warehouse:
        play(warehouse, ("2026-01-17 12:00", "scheduled"), ("2026-01-17 21:15", "final 80-75"))
        with connect(database_url) as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "0007")
            command.upgrade(config, "head")
            connection.commit()
        play(warehouse, ("2026-01-18 12:00", "final 81-75"))
        assert versions(warehouse, "version", "home_score") == [(1, 80), (2, 81)]
