"""Round names: from the answer's own title, else from the legacy name or a known number."""

from typing import Any

import pytest
from support.raw_games import parse_answer, raw_answer, raw_game

from pipelines.ncaa.game import Game
from pipelines.ncaa.scoreboard import UnreadableField


def parse_one(date: str, *, legacy: bool = False, **fields: Any) -> tuple[Game, tuple[UnreadableField, ...]]:
    board = parse_answer(raw_answer(raw_game(8, **fields), **({"hideRank": False} if legacy else {})), date)
    assert board.rejects == ()
    return board.games[0], board.unreadable_fields


def titled(title: object, number: object = 1) -> dict[str, Any]:
    championship = {"round": {"roundNumber": number, "title": title, "subtitle": ""}}
    return {"bracketRound": number, "championshipId": 9999, "championshipGame": championship}


@pytest.mark.parametrize("number", [0, 1, 2, 8, "1", "", None])
@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Opening Round&#174;", "Opening Round"),
        ("Opening Round®", "Opening Round"),
        ("First Four&#174;", "First Four"),
        ("FIRST FOUR", "First Four"),
        ("Sweet 16&reg;", "Sweet 16"),
        ("Sweet Sixteen", "Sweet 16"),
        ("Elite 8", "Elite Eight"),
        ("Men's Final Four", "Men's Final Four"),
        ("National Championship", "Championship"),
        ("NIT First Round", "NIT First Round"),
        ("Quarterfinals™", "Quarterfinals"),
    ],
)
def test_the_title_of_the_answer_names_the_round(title: str, name: str, number: object) -> None:
    game, unreadable = parse_one("2027-03-16", **titled(title, number))
    assert (game.bracket_round, unreadable) == (name, ())


@pytest.mark.parametrize("title", ["First Round", "First Round&#174;"])
def test_round_1_of_another_championship_is_not_the_first_four(title: str) -> None:
    game, _ = parse_one("2026-03-17", **titled(title))
    assert game.bracket_round == "First Round"


@pytest.mark.parametrize(
    "fields",
    [
        {"bracketRound": 1, "championshipId": 9999},
        {"bracketRound": 1, "championshipId": "9999"},
        {"bracketRound": 1, "championshipId": 9999, "championshipGame": {}},
        {"bracketRound": 1, "championshipId": 9999, "championshipGame": {"round": None}},
        {"bracketRound": 1, "championshipId": 9999, "championshipGame": {"round": {"title": ""}}},
    ],
)
def test_a_number_of_a_championship_without_a_title_is_null(fields: dict[str, Any]) -> None:
    game, unreadable = parse_one("2026-03-17", **fields)
    assert game.bracket_round is None
    assert unreadable == (UnreadableField(8, "bracketRound", "1"),)


def test_a_number_is_named_in_the_seasons_with_a_known_numbering() -> None:
    names = [parse_one("2026-03-17", bracketRound=number)[0].bracket_round for number in range(9)]
    assert names == [
        None,
        "First Four",
        "First Round",
        "Second Round",
        "Sweet 16",
        "Elite Eight",
        "Final Four",
        "Championship",
        None,
    ]


@pytest.mark.parametrize("date", ["2027-03-16", "2028-03-14", "2025-11-27", "2026-05-01"])
@pytest.mark.parametrize("number", range(9))
def test_a_number_of_another_season_or_month_is_null(date: str, number: int) -> None:
    game, unreadable = parse_one(date, bracketRound=number)
    assert game.bracket_round is None
    assert unreadable == (UnreadableField(8, "bracketRound", str(number)),)


@pytest.mark.parametrize(
    "junk", [7, "x", ["x"], {"round": 7}, {"round": {"title": 7}}, {"round": {"title": "x" * 200}}]
)
def test_an_unreadable_championship_is_null(junk: object) -> None:
    game, unreadable = parse_one("2026-03-17", championshipGame=junk)
    assert game.bracket_round is None
    assert [field.name for field in unreadable] == ["championshipGame"]


@pytest.mark.parametrize(
    ("date", "name", "expected"),
    [
        ("2014-03-18", "First Round", "First Four"),  # Tuesday
        ("2011-03-16", "1st Round", "First Four"),  # Wednesday
        ("2014-03-20", "First Round", "First Round"),  # Thursday, in today's words
        ("2014-03-20", "Second Round", "First Round"),
        ("2015-03-20", "2nd Round", "First Round"),
        ("2014-03-22", "Second Round", "Second Round"),  # Saturday, in today's words
        ("2014-03-22", "Third Round", "Second Round"),
        ("2013-03-24", "3rd Round", "Second Round"),
        ("2014-03-20", "Round of 64", "First Round"),
        ("2014-03-22", "Round of 32", "Second Round"),
        ("2014-03-28", "SWEET 16&#174;", "Sweet 16"),
        ("2014-03-29", "Elite 8&#174;", "Elite Eight"),
        ("2014-04-05", "FINAL FOUR&#174;", "Final Four"),
        ("2014-04-07", "National Championship", "Championship"),
        ("2014-03-18", "FIRST FOUR", "First Four"),
        ("2016-03-17", "First Round", "First Round"),
        ("2016-03-19", "Second Round", "Second Round"),
        ("2019-03-19", "First Round", "First Round"),  # not shifted after 2015, whatever the day
        ("2019-03-21", "Round of 64", "First Round"),
    ],
)
def test_legacy_round_names_have_one_spelling(date: str, name: str, expected: str) -> None:
    assert parse_one(date, legacy=True, bracketRound=name)[0].bracket_round == expected
