"""Resolutions: every load honours what a person decided about a game, and the source may close or contradict it."""

from functools import partial

from support.builders import at, day, game, scoreboard
from support.warehouse import Warehouse

from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.warehouse.evidence import RESOLVED_OTHERWISE
from pipelines.warehouse.load import reconcile_date

FORGOTTEN = game(100, "duke", "unc")


def resolve(warehouse: Warehouse, status: str, *, until: str | None = None) -> None:
    warehouse.query(
        """
        INSERT INTO resolution (sport, game_id, game_status, because, created_by, until)
        VALUES ('ncaam', 'ncaam_100', $1, 'The school said so.', 'somebody', $2)
        """,
        status,
        day(until) if until is not None else None,
    )


def load(warehouse: Warehouse, fetched_at: str, said: str = "scheduled") -> None:
    warehouse.load(scoreboard("2026-01-17", fetched_at, game(100, "duke", "unc", said)), games_expected=1)


def test_a_forgotten_game_that_a_person_called_off_lets_its_date_settle(warehouse: Warehouse) -> None:
    load(warehouse, "2026-01-20 12:00")
    assert warehouse.query("SELECT settled_at FROM scoreboard") == [{"settled_at": None}]
    resolve(warehouse, "canceled")

    decided_at = at("2026-01-20 12:30")
    reconcile = partial(reconcile_date, league=MENS_BASKETBALL, game_date=day("2026-01-17"), moment=decided_at)
    assert warehouse.run(reconcile) == 1
    assert warehouse.game(100)["game_status"] == "canceled"
    for fetched_at in ("2026-01-20 13:00", "2026-01-21 12:00"):
        load(warehouse, fetched_at)
        row = warehouse.game(100)
        assert (row["game_status"], row["suspect_reason"]) == ("canceled", None)
        assert warehouse.query("SELECT settled_at IS NOT NULL AS settled FROM scoreboard") == [{"settled": True}]


def test_a_decision_closes_when_the_source_agrees(warehouse: Warehouse) -> None:
    load(warehouse, "2026-01-20 12:00")
    resolve(warehouse, "canceled")
    load(warehouse, "2026-01-20 13:00", "canceled")

    assert warehouse.query("SELECT closed_because FROM resolution") == [{"closed_because": "The source agrees."}]
    assert warehouse.game(100)["game_status"] == "canceled"


def test_a_final_score_against_a_decision_is_suspect_and_the_decision_stands(warehouse: Warehouse) -> None:
    load(warehouse, "2026-01-20 12:00")
    resolve(warehouse, "canceled")
    load(warehouse, "2026-01-20 13:00", "final 80-70")

    row = warehouse.game(100)
    assert (row["game_status"], row["home_score"], row["suspect_reason"]) == ("canceled", 80, RESOLVED_OTHERWISE)


def test_an_undone_or_expired_decision_gives_the_game_back_to_the_source(warehouse: Warehouse) -> None:
    load(warehouse, "2026-01-20 12:00")
    resolve(warehouse, "canceled", until="2026-01-21")
    load(warehouse, "2026-01-21 23:00")
    assert warehouse.game(100)["game_status"] == "canceled"
    load(warehouse, "2026-01-22 00:01")
    assert warehouse.game(100)["game_status"] == "scheduled"
