"""`gamepulse resolve` and `gamepulse accept`."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from support.builders import day, game, scoreboard, team
from support.warehouse import Warehouse
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.errors import GamePulseError

DATE = "2025-12-01"
LATER = "2025-12-03 12:30"
Run = Callable[..., str]


@pytest.fixture
def run(database_url: sa.URL) -> Run:
    """Runs a command on the test's database; returns its output, or the message of its error."""

    def run(*arguments: str) -> str:
        variables = {"DATABASE_URL": database_url.render_as_string(hide_password=False)}
        result = CliRunner().invoke(app, list(arguments), env=variables)
        if isinstance(result.exception, GamePulseError):
            return f"error: {result.exception}"
        assert result.exit_code in {0, 2}, (result.output, result.exception)
        return f"usage: {result.output}" if result.exit_code == 2 else result.output.strip()

    return run


@pytest.fixture
def games(warehouse: Warehouse) -> Warehouse:
    """Two games that are over by the calendar: 1 is still scheduled, 2 is final."""
    load(warehouse, "scheduled")
    return warehouse


def load(warehouse: Warehouse, state: str, fetched_at: str = LATER) -> None:
    duke, unc = team("duke", "acc"), team("unc", "acc")
    warehouse.load(
        scoreboard(DATE, fetched_at, game(1, duke, unc, state), game(2, "drake", "iowa", "final 80-70")),
        games_expected=2,
    )


def settled(warehouse: Warehouse) -> bool:
    [row] = warehouse.query("SELECT settled_at FROM scoreboard")
    return row["settled_at"] is not None


def decisions(warehouse: Warehouse) -> list[dict[str, Any]]:
    return warehouse.query("SELECT * FROM resolution ORDER BY resolution_id")


def test_a_resolved_game_has_its_status_at_once_and_settles_the_date(run: Run, games: Warehouse) -> None:
    assert not settled(games)
    output = run("resolve", "ncaam_1", "--status", "canceled", "--because", "COVID", "--by", "ann")
    assert output == f"ncaam_1 of {DATE} is canceled."
    assert games.statuses() == {1: "canceled", 2: "final"}
    assert settled(games)
    [decision] = decisions(games)
    assert (decision["game_id"], decision["game_status"]) == ("ncaam_1", "canceled")
    assert (decision["because"], decision["created_by"], decision["until"]) == ("COVID", "ann", None)


def test_later_loads_keep_the_resolution_until_it_is_undone(run: Run, games: Warehouse) -> None:
    run("resolve", "1", "--status", "postponed", "--because", "Snow", "--by", "ann")
    load(games, "scheduled", "2025-12-04 12:00")
    assert games.statuses()[1] == "postponed"
    assert run("resolve", "1", "--undo", "--by", "bob") == f"ncaam_1 of {DATE} is as the source says again."
    assert games.statuses()[1] == "scheduled"
    assert not settled(games)
    [decision] = decisions(games)
    assert decision["closed_because"] == "Undone by bob."
    run("resolve", "1", "--status", "canceled", "--because", "Never replayed")
    assert games.statuses()[1] == "canceled"


def test_a_resolution_is_closed_when_the_source_agrees(run: Run, games: Warehouse) -> None:
    run("resolve", "1", "--status", "canceled", "--because", "COVID")
    load(games, "canceled", "2025-12-04 12:00")
    [decision] = decisions(games)
    assert decision["closed_because"] == "The source agrees."
    assert games.statuses()[1] == "canceled"


def test_a_resolved_game_is_suspect_when_the_source_has_a_final_score(run: Run, games: Warehouse) -> None:
    run("resolve", "1", "--status", "canceled", "--because", "COVID")
    load(games, "final 70-60", "2025-12-04 12:00")
    row = games.game(1)
    assert row["game_status"] == "canceled"
    assert row["suspect_reason"] is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("resolve 9 --status canceled --because x", "There is no game ncaam_9"),
        ("resolve ncaam_x --status canceled --because x", "There is no game ncaam_x"),
        ("resolve 1 --status done --because x", "'done' is no status that can be given to a game: use one of final,"),
        ("resolve 1 --status live --because x", "'live' is no status"),
        ("resolve 1 --because x", "Give the game a status"),
        ("resolve 1 --status canceled", 'needs a reason: give it with --because "…"'),
        ("resolve 1 --status final --because x", "ncaam_1 has no score"),
        ("resolve 2 --status final --because x", "ncaam_2 is final already"),
        ("resolve 1 --status canceled --because x --until 2025-12-02", "--until 2025-12-02 is over"),
        ("resolve 1 --undo", "ncaam_1 has no resolution to undo"),
        (f"accept {DATE} no_check --because x", "There is no check 'no_check': use one of scoreboard_is_complete,"),
        (f"accept {DATE} 2025-11-30 no_rejected_games --because x", "is empty: give the earlier date first"),
        ("accept 1999-01-01 no_rejected_games --because x", "1999-01-01 to 1999-01-01 is not within 2010-11-01"),
        ("accept 2999-01-01 no_rejected_games --because x", "is not within"),
        (f"accept {DATE} no_rejected_games", "needs a reason"),
        (f"accept {DATE} no_rejected_games --undo", "no_rejected_games is not accepted from 2025-12-01 to 2025-12-01"),
    ],
)
def test_an_invalid_decision_changes_nothing_and_says_what_to_do(
    run: Run, games: Warehouse, arguments: str, message: str
) -> None:
    before = games.tables()
    output = run(*arguments.split())
    assert output.startswith("error: ")
    assert message in output
    assert games.tables() == before
    assert decisions(games) == []


@pytest.mark.parametrize("arguments", ["accept no_rejected_games", "accept soon no_rejected_games", "resolve"])
def test_wrong_arguments_are_usage_errors(run: Run, games: Warehouse, arguments: str) -> None:
    assert run(*arguments.split()).startswith("usage: ")


def test_the_same_decision_twice_is_an_error(run: Run, games: Warehouse) -> None:
    run("resolve", "1", "--status", "canceled", "--because", "COVID", "--by", "ann")
    again = run("resolve", "1", "--status", "postponed", "--because", "Snow")
    assert again.startswith(
        "error: ncaam_1 is resolved as canceled already, by ann: undo that first, `gamepulse resolve"
    )
    run("accept", DATE, "2025-12-05", "no_suspect_games", "--because", "Reviewed", "--by", "ann")
    again = run("accept", "2025-12-02", "no_suspect_games", "--because", "Reviewed")
    assert again.startswith("error: no_suspect_games is accepted from 2025-12-01 to 2025-12-05 already, by ann")
    assert len(decisions(games)) == 2


def test_findings_are_accepted_for_one_date_or_a_range_and_undone(run: Run, games: Warehouse) -> None:
    output = run("accept", DATE, "2025-12-05", "no_suspect_games", "--because", "Reviewed", "--until", "2999-01-01")
    assert output == "Findings of no_suspect_games from 2025-12-01 to 2025-12-05 are accepted."
    [decision] = decisions(games)
    assert (decision["first_date"], decision["last_date"]) == (day(DATE), day("2025-12-05"))
    assert decision["until"] == dt.date(2999, 1, 1)
    assert "not accepted" in run("accept", DATE, "no_suspect_games", "--undo"), "another range"
    output = run("accept", DATE, "2025-12-05", "no_suspect_games", "--undo", "--because", "Wrong check", "--by", "bob")
    assert output == "Findings of no_suspect_games from 2025-12-01 to 2025-12-05 are no longer accepted."
    assert decisions(games)[0]["closed_because"] == "Undone by bob: Wrong check"


def test_an_expired_resolution_gives_way_to_a_new_one(run: Run, games: Warehouse) -> None:
    run("resolve", "1", "--status", "canceled", "--because", "COVID")
    games.query("UPDATE resolution SET until = '2025-12-31'")
    load(games, "scheduled", "2026-01-02 12:00")
    assert games.statuses()[1] == "scheduled"
    run("resolve", "1", "--status", "postponed", "--because", "Snow")
    assert games.statuses()[1] == "postponed"
    assert [decision["closed_because"] for decision in decisions(games)] == ["Expired.", None]
