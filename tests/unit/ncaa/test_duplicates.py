"""The number of contests in an answer; one listed twice counts once, in its furthest state."""

import itertools

import pytest
from support.raw_games import parse_answer, raw_answer, raw_game

DATE = "2026-02-07"
STATES = {
    "scheduled": {"gameState": "pre"},
    "postponed": {"gameState": "postponed", "score": ("", ""), "currentPeriod": "", "finalMessage": ""},
    "canceled": {"gameState": "canceled", "score": ("", ""), "currentPeriod": "", "finalMessage": ""},
    "live": {"gameState": "live", "currentPeriod": "2ND", "finalMessage": "", "contestClock": "7:20"},
    "final": {"gameState": "final"},
}
"""In order: each is further than those before, but postponed and canceled are equal."""
EQUAL = {"postponed", "canceled"}


@pytest.mark.parametrize(
    ("behind", "ahead"), [pair for pair in itertools.combinations(STATES, 2) if set(pair) != EQUAL]
)
def test_the_furthest_state_counts_in_any_order(behind: str, ahead: str) -> None:
    games = [raw_game(7_000_001, **STATES[state]) for state in (behind, ahead)]
    for order in (games, games[::-1]):
        board = parse_answer(raw_answer(*order), DATE)
        assert [game.status for game in board.games] == [ahead]
        assert (board.games_received, board.duplicates) == (1, 1)


@pytest.mark.parametrize("states", [("postponed", "canceled"), ("canceled", "postponed")])
def test_of_equal_states_the_last_one_counts(states: tuple[str, str]) -> None:
    board = parse_answer(raw_answer(*(raw_game(7_000_001, **STATES[state]) for state in states)), DATE)
    assert [game.status for game in board.games] == [states[1]]


def test_games_rejects_and_undecided_games_are_received_and_duplicates_are_not() -> None:
    games = [raw_game(7_000_000 + number, f"home-{number}", f"away-{number}") for number in range(10)]
    unreadable = raw_game(7_000_100, gameState="halfway")
    undecided = raw_game(7_000_200, "duke", "tba", gameState="pre")
    board = parse_answer(raw_answer(*games, games[0], unreadable, undecided), DATE)
    assert (len(board.games), len(board.rejects), len(board.undecided)) == (10, 1, 1)
    assert (board.games_received, board.duplicates) == (12, 1)
