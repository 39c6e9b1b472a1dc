"""Evidence decides: answers that once lost, froze or doubled a final score, loaded into real tables."""

from dataclasses import replace

import pytest
from support.builders import at, day, game, reject, scoreboard, team
from support.warehouse import Warehouse

from pipelines.ncaa.scoreboard import ParsedScoreboard

FINAL = game(100, "duke", "unc", "final 80-70")
DAY = [game(200 + number, f"home-{number}", f"away-{number}", "final 80-70") for number in range(60)]


def score(warehouse: Warehouse, contest_id: int) -> tuple[str, int | None, bool]:
    """Status, home score, and whether the row is suspect."""
    row = warehouse.game(contest_id)
    return row["game_status"], row["home_score"], row["suspect_reason"] is not None


@pytest.mark.parametrize(
    "said", ["live 78-70 2nd 0:30", "postponed", "canceled", "scheduled", "final 0-0", "final 70-70"]
)
def test_a_final_survives_two_hops_of_worse_answers(warehouse: Warehouse, said: str) -> None:
    warehouse.load(scoreboard("2026-01-17", "2026-01-17 23:00", FINAL), games_expected=1)
    for minute, hop in enumerate((said, "scheduled")):
        worse = scoreboard("2026-01-17", f"2026-01-17 23:1{minute}", game(100, "duke", "unc", hop))
        assert warehouse.load(worse, games_expected=1).games_suspect == 1
    assert score(warehouse, 100) == ("final", 80, True)

    warehouse.load(scoreboard("2026-01-17", "2026-01-17 23:30", FINAL), games_expected=1)
    assert score(warehouse, 100) == ("final", 80, False)


def test_an_older_answer_by_its_own_clock_is_stale_only_at_the_same_address(warehouse: Warehouse) -> None:
    def answer(fetched_at: str, updated_at: str, said: str, url: str = "https://api.test/board") -> ParsedScoreboard:
        board = scoreboard("2026-01-17", fetched_at, game(100, "duke", "unc", said))
        return replace(board, answer_updated_at=at(updated_at), source_url=url)

    first = answer("2026-01-17 20:00", "2026-01-17 20:00", "live 40-38 2nd 7:20")
    warehouse.load(first)
    stale = warehouse.load(answer("2026-01-17 20:15", "2026-01-17 19:00", "live 9-8 1st 7:20"))
    assert (stale.is_stale, stale.games_unchanged, stale.games_updated) == (True, 0, 0)
    assert score(warehouse, 100) == ("live", 40, False)
    assert warehouse.query("SELECT last_stale_at FROM scoreboard") == [{"last_stale_at": at("2026-01-17 20:15")}]

    other = answer("2026-01-17 20:16", "2026-01-17 19:00", "live 41-38 2nd 7:00", "https://other.test/board")
    assert not warehouse.load(other).is_stale
    assert score(warehouse, 100) == ("live", 41, False)


def test_an_empty_board_with_an_empty_calendar_withdraws_no_settled_final_until_a_second_one(
    warehouse: Warehouse,
) -> None:
    warehouse.load(scoreboard("2026-01-17", "2026-01-19 12:30", *DAY), games_expected=60)
    assert warehouse.query("SELECT settled_at IS NOT NULL AS settled FROM scoreboard") == [{"settled": True}]

    report = warehouse.load(scoreboard("2026-01-17", "2026-01-20 09:00"), games_expected=0)

    assert (report.games_withdrawn, report.games_suspect, report.games_final) == (0, 60, 60)
    assert warehouse.query("SELECT settled_at FROM scoreboard") == [{"settled_at": None}]
    again = warehouse.load(scoreboard("2026-01-17", "2026-01-20 12:00", *DAY), games_expected=60)
    assert (again.games_suspect, again.games_final) == (0, 60)
    assert warehouse.query("SELECT settled_at IS NOT NULL AS settled FROM scoreboard") == [{"settled": True}]


@pytest.mark.parametrize(("missing", "withdrawn"), [(3, 3), (4, 0)])
def test_more_than_three_games_do_not_leave_at_once(warehouse: Warehouse, missing: int, withdrawn: int) -> None:
    games = [game(200 + number, f"home-{number}", f"away-{number}") for number in range(40)]
    warehouse.load(scoreboard("2026-01-17", "2026-01-16 08:00", *games), games_expected=40)

    report = warehouse.load(scoreboard("2026-01-17", "2026-01-16 09:00", *games[missing:]), games_expected=40 - missing)

    assert report.games_withdrawn == withdrawn


def test_the_old_date_of_a_moved_game_does_not_erase_its_final(warehouse: Warehouse) -> None:
    postponed = game(100, "duke", "unc", "postponed")
    warehouse.load(
        scoreboard("2026-01-15", "2026-01-15 20:00", postponed),
        scoreboard("2026-01-17", "2026-01-17 23:00", FINAL),
        scoreboard("2026-01-15", "2026-01-18 09:00", postponed),
    )
    assert score(warehouse, 100) == ("final", 80, False)
    assert warehouse.game(100)["game_date"] == day("2026-01-17")


def test_a_contest_returns_to_a_date_that_all_others_have_left(warehouse: Warehouse) -> None:
    twin = game(101, "duke", "unc", "final 80-70")
    warehouse.load(
        scoreboard("2026-01-15", "2026-01-15 20:00", FINAL),
        scoreboard("2026-01-17", "2026-01-17 23:00", FINAL, twin),
        scoreboard("2026-01-17", "2026-01-17 23:15", twin),
    )
    assert warehouse.game(100)["game_date"] == day("2026-01-15")
    assert (score(warehouse, 100), score(warehouse, 101)) == (("final", 80, False), ("final", 80, False))


def test_a_contest_that_comes_back_unreadably_meets_the_others_of_its_teams(warehouse: Warehouse) -> None:
    scheduled = game(100, "duke", "unc")
    warehouse.load(
        scoreboard("2026-01-17", "2026-01-10 08:00", scheduled),
        scoreboard("2026-01-18", "2026-01-10 09:00", scheduled),
        scoreboard("2026-01-17", "2026-01-10 10:00", game(101, "duke", "unc"), rejects=[reject(100)]),
    )
    assert warehouse.statuses() == {100: "withdrawn", 101: "scheduled"}
    assert warehouse.game(100)["game_date"] == day("2026-01-17")


def test_a_withdrawn_game_no_longer_rules_its_teams_conference(warehouse: Warehouse) -> None:
    acc = [game(300 + number, team("duke", "acc"), team(f"acc-{number}", "acc")) for number in range(8)]
    stray = game(400, team("duke", "sec"), team("iona", "maac"))
    warehouse.load(scoreboard("2026-01-17", "2026-01-16 08:00", *acc, stray), games_expected=9)
    assert warehouse.team("duke", 2025)["conference_id"] == "sec"

    warehouse.load(scoreboard("2026-01-17", "2026-01-16 09:00", *acc), games_expected=8)

    assert warehouse.team("duke", 2025)["conference_id"] == "acc"
    factors = warehouse.query("SELECT DISTINCT rivalry_factor::text FROM fact_game WHERE game_status <> 'withdrawn'")
    assert factors == [{"rivalry_factor": "1.20"}]


def test_a_stored_moment_ahead_of_the_databases_clock_is_replaced_and_said(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2026-01-17", "2100-01-01 00:00", game(100, "duke", "unc")))

    report = warehouse.load(scoreboard("2026-01-17", "2026-01-17 23:00", FINAL))

    assert (report.is_stale, report.is_clock_void) == (False, True)
    assert score(warehouse, 100) == ("final", 80, False)
    assert warehouse.query("SELECT fetched_at, void_fetched_at FROM scoreboard") == [
        {"fetched_at": at("2026-01-17 23:00"), "void_fetched_at": at("2100-01-01 00:00")}
    ]
