"""Games with an undecided team are counted: no game, no team, no reject."""

import copy
from typing import Any

import pytest
from support.raw_games import parse_answer, raw_answer, raw_game, raw_side

DATE = "2026-03-09"
EMPTY = {"char6": "", "short": "", "seo": "", "full": ""}


def named(seo: str, short: str) -> dict[str, Any]:
    return raw_side("", names={"char6": "", "short": short, "seo": seo, "full": ""}, conference="")


def scheduled(contest_id: int, home: Any = "duke", away: Any = "yale", **fields: Any) -> dict[str, Any]:
    return raw_game(contest_id, home, away, **{"gameState": "pre", "startTime": "TBA"} | fields)


READABLE = [scheduled(number, f"home-{number}", f"away-{number}") for number in range(20, 30)]
UNDECIDED = {
    "tba": named("tba", "TBA"),
    "tbd": named("tbd", "TBD"),
    "upper case": named("TBA", "TBA"),
    "numbered": named("tba-2", "TBA 2"),
    "empty names": named("", ""),
    "blank names": named(" ", " "),
    "null names": {**named("", ""), "names": None},
    "names without a key": {**named("", ""), "names": {}},
    "names of null": {**named("", ""), "names": dict.fromkeys(EMPTY)},
    "placeholder without a slug": named("", "TBA"),
    "to be determined": named("", "To Be Determined"),
    "winner of a game": named("", "Winner of Game 3"),
    "winner of a semifinal": named("", "Winner Semifinal 1"),
    "loser of a game": named("loser-game-2", "Loser Game 2"),
    "seed": named("", "No. 1 Seed"),
    "highest seed": named("", "Highest Seed"),
    "one of two": named("", "Duke/TBA"),
}


@pytest.mark.parametrize("feed", ["current", "legacy"])
@pytest.mark.parametrize("side", ["home", "away"])
@pytest.mark.parametrize("name", UNDECIDED)
def test_a_game_with_an_undecided_side_is_counted(name: str, side: str, feed: str) -> None:
    envelope = {"hideRank": False} if feed == "legacy" else {}
    date = "2025-03-09" if feed == "legacy" else DATE
    board = parse_answer(raw_answer(scheduled(7), scheduled(8, **{side: UNDECIDED[name]}), **envelope), date)
    assert [game.contest_id for game in board.games] == [7]
    assert (board.undecided, board.rejects, board.duplicates) == ((8,), (), 0)
    assert (board.games_received, board.games_undecided) == (2, 1)


@pytest.mark.parametrize("state", ["live", "postponed", "canceled", "delayed"])
def test_an_undecided_side_is_counted_in_every_state_before_the_final(state: str) -> None:
    board = parse_answer(raw_answer(raw_game(8, away=UNDECIDED["tba"], gameState=state)), DATE)
    assert (board.undecided, board.games, board.rejects) == ((8,), (), ())


def test_a_final_with_an_undecided_side_is_a_reject() -> None:
    board = parse_answer(raw_answer(*READABLE, raw_game(8, away=UNDECIDED["tba"])), DATE)
    assert [reject.reason for reject in board.rejects] == ["gameState is 'final' and a team is undecided."]
    assert (board.undecided, len(board.games)) == ((), len(READABLE))


@pytest.mark.parametrize("url", ["", "/game/"])
def test_an_undecided_game_without_a_contest_id_is_counted(url: str) -> None:
    raw = scheduled(8, UNDECIDED["empty names"], UNDECIDED["empty names"], url=url, gameID="")
    board = parse_answer(raw_answer(scheduled(7), raw, copy.deepcopy(raw)), DATE)
    assert (board.undecided, board.rejects, board.duplicates) == ((), (), 0)
    assert (board.games_undecided, board.games_received) == (2, 3)


def test_a_date_of_undecided_games_alone_is_a_scoreboard() -> None:
    board = parse_answer(raw_answer(*(scheduled(n, UNDECIDED["tba"], UNDECIDED["tba"]) for n in range(8, 20))), DATE)
    assert (board.games, board.rejects, board.games_received) == ((), (), 12)
    assert board.undecided == tuple(range(8, 20))


@pytest.mark.parametrize("order", [1, -1])
def test_a_contest_listed_with_and_without_its_team_is_the_game(order: int) -> None:
    entries = [scheduled(8, away=UNDECIDED["tba"]), scheduled(8), scheduled(8, away=UNDECIDED["tba"])][::order]
    board = parse_answer(raw_answer(*entries), DATE)
    assert [game.away.slug for game in board.games] == ["yale"]
    assert (board.undecided, board.duplicates) == ((), 2)


def test_a_contest_listed_undecided_and_unreadable_is_undecided() -> None:
    unreadable = scheduled(8, gameState="?")
    board = parse_answer(raw_answer(unreadable, scheduled(8, away=UNDECIDED["tba"]), *READABLE), DATE)
    assert (board.undecided, board.rejects, board.duplicates) == ((8,), (), 1)


@pytest.mark.parametrize(
    "slug", ["winthrop", "winona-st", "west-all-stars", "tabor", "tba1a", "st-thomas-mn", "seton-hall", "highpoint"]
)
def test_schools_with_similar_slugs_are_teams(slug: str) -> None:
    board = parse_answer(raw_answer(scheduled(8, away=slug)), DATE)
    assert [game.away.slug for game in board.games] == [slug]
    assert board.undecided == ()


def test_an_undecided_game_on_the_scoreboard_of_another_date_is_a_reject() -> None:
    other_date = scheduled(8, away=UNDECIDED["tba"], startDate="03/10/2026")
    board = parse_answer(raw_answer(*READABLE, other_date), DATE)
    assert (board.undecided, [reject.contest_id for reject in board.rejects]) == ((), [8])
