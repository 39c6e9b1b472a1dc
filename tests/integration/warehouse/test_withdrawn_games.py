"""Evidence decides: games that leave a scoreboard, come back, or have several contest ids."""

import pytest
from support.builders import at, day, game, reject, scoreboard
from support.warehouse import Warehouse

DUKE_UNC = game(7, "duke", "unc", "live 30-28 1st 2:00")
IONA_YALE = game(8, "iona", "yale")
OTHERS = [game(20 + number, f"home-{number}", f"away-{number}") for number in range(8)]
"""Enough games that one or two may leave at once."""


def test_a_game_that_leaves_a_complete_scoreboard_is_withdrawn_and_has_no_clock(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 20:00", DUKE_UNC, *OTHERS))

    report = warehouse.load(scoreboard("2025-01-10", "2025-01-10 21:00", *OTHERS), games_expected=8)

    row = warehouse.game(7)
    assert (row["game_status"], row["game_clock"], row["home_score"]) == ("withdrawn", None, 30)
    assert (report.games_withdrawn, report.games_processed, report.games_unchanged) == (1, 8, 8)


@pytest.mark.parametrize("games_expected", [None, 2])
def test_a_game_that_is_missing_from_an_incomplete_scoreboard_stays(
    warehouse: Warehouse, games_expected: int | None
) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 20:00", DUKE_UNC, IONA_YALE))

    report = warehouse.load(scoreboard("2025-01-10", "2025-01-10 21:00", IONA_YALE), games_expected=games_expected)

    assert warehouse.statuses() == {7: "live", 8: "scheduled"}
    assert warehouse.game(7)["last_seen_at"] == at("2025-01-10 20:00")
    assert report.games_withdrawn == 0


def test_a_game_remembers_when_it_was_last_seen_until_it_is_listed_again(warehouse: Warehouse) -> None:
    seen = []
    for hour, listed in enumerate([(DUKE_UNC, IONA_YALE), (IONA_YALE,), (IONA_YALE,), (DUKE_UNC, IONA_YALE)]):
        warehouse.load(scoreboard("2025-01-10", f"2025-01-10 2{hour}:00", *listed))
        seen.append(warehouse.game(7)["last_seen_at"])

    assert seen == [None, at("2025-01-10 20:00"), at("2025-01-10 20:00"), None]


def test_a_rejected_entry_counts_as_listed_and_received(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 20:00", DUKE_UNC, IONA_YALE, *OTHERS))

    warehouse.load(scoreboard("2025-01-10", "2025-01-10 21:00", *OTHERS, rejects=[reject(7)]), games_expected=9)

    assert (warehouse.statuses()[7], warehouse.statuses()[8]) == ("live", "withdrawn")
    assert warehouse.game(7)["last_seen_at"] is None


def test_a_reject_that_does_not_say_which_game_it_is_may_be_any_of_those_missing(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 20:00", DUKE_UNC, IONA_YALE))

    warehouse.load(scoreboard("2025-01-10", "2025-01-10 21:00", IONA_YALE, rejects=[reject(None)]), games_expected=2)

    assert warehouse.statuses() == {7: "live", 8: "scheduled"}


def test_a_game_that_left_comes_back(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 20:00", DUKE_UNC, *OTHERS))
    key = warehouse.game(7)["game_key"]
    left = warehouse.load(scoreboard("2025-01-10", "2025-01-10 21:00", *OTHERS), games_expected=8)
    still_gone = warehouse.load(scoreboard("2025-01-10", "2025-01-10 21:30", *OTHERS), games_expected=8)

    back = warehouse.load(scoreboard("2025-01-10", "2025-01-10 22:00", DUKE_UNC, *OTHERS), games_expected=9)

    row = warehouse.game(7)
    assert (row["game_key"], row["game_status"], row["game_clock"]) == (key, "live", "2:00")
    assert [report.games_withdrawn for report in (left, still_gone, back)] == [1, 0, 0]
    assert (back.games_updated, back.games_unchanged) == (1, 8)


def test_an_empty_complete_scoreboard_withdraws_the_whole_date_when_a_second_one_agrees(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 20:00", DUKE_UNC, IONA_YALE),
        scoreboard("2025-01-11", "2025-01-10 20:00", game(9, "duke", "unc")),
    )

    reports = [
        warehouse.load(scoreboard("2025-01-10", fetched_at), games_expected=0)
        for fetched_at in ("2025-01-10 21:00", "2025-01-11 02:59", "2025-01-11 03:00")
    ]

    assert [(report.games_withdrawn, report.games_suspect) for report in reports] == [(0, 2), (0, 2), (2, 0)]
    assert warehouse.statuses() == {7: "withdrawn", 8: "withdrawn", 9: "scheduled"}


def test_a_withdrawn_game_found_on_another_date_moves_there(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 20:00", game(7, "duke", "unc"), *OTHERS))
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 21:00", *OTHERS), games_expected=8)
    assert warehouse.game(7)["game_status"] == "withdrawn"

    warehouse.load(scoreboard("2025-01-12", "2025-01-10 22:00", game(7, "duke", "unc")), games_expected=1)

    row = warehouse.game(7)
    assert (row["game_status"], row["game_date"]) == ("scheduled", day("2025-01-12"))


@pytest.mark.parametrize("sides", [("duke", "unc"), ("unc", "duke")])
def test_an_older_contest_id_is_withdrawn_when_the_same_teams_play_that_date_under_a_newer_one(
    warehouse: Warehouse, sides: tuple[str, str]
) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 17:00", game(7, "duke", "unc"), IONA_YALE))

    report = warehouse.load(scoreboard("2025-01-10", "2025-01-10 18:00", game(11, *sides), IONA_YALE))

    assert warehouse.statuses() == {7: "withdrawn", 8: "scheduled", 11: "scheduled"}
    assert (report.games_withdrawn, report.games_inserted) == (1, 1)


def test_of_two_ids_of_one_pair_in_one_scoreboard_the_newer_counts(warehouse: Warehouse) -> None:
    both = scoreboard("2025-01-10", "2025-01-10 20:00", game(11, "unc", "duke", "live 28-30 1st 2:00"), DUKE_UNC)

    first, again = warehouse.load(both), warehouse.load(both)

    assert warehouse.statuses() == {7: "withdrawn", 11: "live"}
    assert warehouse.game(7)["game_clock"] is None
    assert (first.games_inserted, first.games_withdrawn) == (2, 1)
    assert (again.games_unchanged, again.games_withdrawn) == (2, 0)


def test_an_older_id_that_cannot_be_read_is_withdrawn_by_a_newer_one_too(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 20:00", game(7, "duke", "unc")))

    warehouse.load(scoreboard("2025-01-10", "2025-01-10 21:00", game(11, "duke", "unc"), rejects=[reject(7)]))

    assert warehouse.statuses() == {7: "withdrawn", 11: "scheduled"}


@pytest.mark.parametrize("said", ["scheduled", "live 30-28 1st 2:00", "final 80-75"])
def test_an_older_id_that_is_listed_replaces_a_newer_one_that_is_not(warehouse: Warehouse, said: str) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 20:00", game(11, "duke", "unc")))

    warehouse.load(scoreboard("2025-01-10", "2025-01-10 21:00", game(7, "unc", "duke", said)))

    assert warehouse.statuses() == {7: said.split()[0], 11: "withdrawn"}


def test_a_re_issued_game_comes_back_when_the_newer_id_is_gone(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 20:00", DUKE_UNC),
        scoreboard("2025-01-10", "2025-01-10 21:00", game(11, "duke", "unc")),
    )

    warehouse.load(scoreboard("2025-01-10", "2025-01-10 22:00", DUKE_UNC), games_expected=1)

    assert warehouse.statuses() == {7: "live", 11: "withdrawn"}


def test_the_same_teams_on_another_date_or_against_others_are_no_re_issue(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 20:00", DUKE_UNC, game(11, "duke", "yale"), game(12, "iona", "unc")),
        scoreboard("2025-01-11", "2025-01-10 21:00", game(13, "duke", "unc")),
    )

    assert "withdrawn" not in warehouse.statuses().values()


def test_a_game_that_moves_onto_a_date_re_issues_what_is_there(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 20:00", DUKE_UNC),
        scoreboard("2025-01-11", "2025-01-10 20:00", game(11, "duke", "unc")),
        scoreboard("2025-01-10", "2025-01-10 21:00", DUKE_UNC, game(11, "duke", "unc", "live 9-9 1st 2:00")),
    )

    assert warehouse.statuses() == {7: "withdrawn", 11: "live"}
    assert warehouse.game(11)["game_date"] == day("2025-01-10")
