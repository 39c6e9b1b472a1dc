"""Rejects: unreadable games are kept beside the games, and go when the game loads."""

import datetime as dt
import json

import pytest
from support.builders import day, game, reject, scoreboard
from support.raw_games import parse_answer, raw_answer, raw_game
from support.warehouse import Warehouse

DUKE_UNC = game(7, "duke", "unc")
READABLE = [raw_game(number, f"home{number}", f"away{number}", gameState="pre") for number in range(9, 14)]


def test_one_bad_game_does_not_cost_the_day(warehouse: Warehouse) -> None:
    report = warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 08:00", DUKE_UNC, rejects=[reject(8, "No.", '{"a": "\\u0000"}')])
    )

    assert warehouse.statuses() == {7: "scheduled"}
    (row,) = warehouse.query("SELECT * FROM rejected_game")
    assert (row["reject_key"], row["contest_id"], row["game_date"]) == ("8", 8, day("2025-01-10"))
    assert (row["reason"], row["payload"]) == ("No.", '{"a": "\\u0000"}')
    assert (report.games_processed, report.games_inserted, report.games_rejected) == (2, 1, 1)


def test_the_same_reject_twice_is_one_row_that_is_not_written_again(warehouse: Warehouse) -> None:
    rejects = [reject(8), reject(None)]
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 08:00", DUKE_UNC, rejects=rejects))
    before = warehouse.query("SELECT xmin::text, ctid::text, * FROM rejected_game ORDER BY reject_key")

    warehouse.load(scoreboard("2025-01-10", "2025-01-10 09:00", DUKE_UNC, rejects=rejects))

    assert len(before) == 2
    assert warehouse.query("SELECT xmin::text, ctid::text, * FROM rejected_game ORDER BY reject_key") == before


def test_a_reject_with_another_reason_replaces_the_row_and_keeps_its_age(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 08:00", DUKE_UNC, rejects=[reject(8, "First.")]))
    (before,) = warehouse.query("SELECT created_at, updated_at FROM rejected_game")

    warehouse.load(scoreboard("2025-01-10", "2025-01-10 09:00", DUKE_UNC, rejects=[reject(8, "Second.")]))

    (row,) = warehouse.query("SELECT reason, created_at, updated_at FROM rejected_game")
    assert (row["reason"], row["created_at"]) == ("Second.", before["created_at"])
    assert row["updated_at"] > before["updated_at"]


@pytest.mark.parametrize("date", ["2025-01-10", "2025-01-11"])
def test_a_reject_goes_when_its_game_loads_on_whatever_date(warehouse: Warehouse, date: str) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 08:00", rejects=[reject(7), reject(8)]))

    warehouse.load(scoreboard(date, "2025-01-10 09:00", DUKE_UNC))

    assert list(warehouse.rejects()) == ["8"]


def test_a_reject_goes_when_a_complete_scoreboard_is_without_it(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 08:00", DUKE_UNC, rejects=[reject(8), reject(9)]),
        scoreboard("2025-01-11", "2025-01-10 08:00", rejects=[reject(10)]),
    )

    warehouse.load(scoreboard("2025-01-10", "2025-01-10 09:00", DUKE_UNC))
    assert sorted(warehouse.rejects()) == ["10", "8", "9"]

    warehouse.load(scoreboard("2025-01-10", "2025-01-10 10:00", DUKE_UNC, rejects=[reject(9)]), games_expected=2)
    assert sorted(warehouse.rejects()) == ["10", "9"]


def test_a_reject_without_a_contest_id_goes_with_the_next_scoreboard_of_its_date(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 08:00", DUKE_UNC, rejects=[reject(None, payload="1")]),
        scoreboard("2025-01-11", "2025-01-10 08:00", rejects=[reject(None, payload="2")]),
    )

    warehouse.load(scoreboard("2025-01-10", "2025-01-10 09:00", DUKE_UNC))

    assert list(warehouse.rejects()) == ["sha256:2"]


def test_an_older_scoreboard_removes_no_reject(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 09:00", rejects=[reject(7)]),
        scoreboard("2025-01-10", "2025-01-10 08:00", DUKE_UNC),
    )

    assert list(warehouse.rejects()) == ["7"]
    assert warehouse.statuses() == {}


def test_a_payload_with_a_nul_half_a_surrogate_and_any_script_is_stored_as_received(warehouse: Warehouse) -> None:
    strange = {"url": "/game/8", "gameState": "x\x00y \ud800 Ω 🏀", "home": None}

    report = warehouse.load(parse_answer(raw_answer(strange, *READABLE), "2025-01-10"))

    (row,) = warehouse.query("SELECT contest_id, reason, payload FROM rejected_game")
    assert json.loads(row["payload"]) == strange
    assert row["reason"].endswith(".")
    assert (row["contest_id"], report.games_rejected, report.games_inserted) == (8, 1, 5)


def test_the_same_unreadable_bytes_on_two_dates_are_two_rejects(warehouse: Warehouse) -> None:
    for date in ("2025-01-10", "2025-01-11"):
        warehouse.load(parse_answer(raw_answer(None, *READABLE), date))

    dates = warehouse.query("SELECT game_date FROM rejected_game ORDER BY game_date")
    assert [row["game_date"] for row in dates] == [dt.date(2025, 1, 10), dt.date(2025, 1, 11)]
