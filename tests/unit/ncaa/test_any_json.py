"""Any JSON: each entry is a game, an undecided game, a reject or a duplicate, or the answer is refused."""

import copy
import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import NotAScoreboardError
from pipelines.ncaa.scoreboard import ParsedScoreboard

Parse = Callable[[object, dt.date], ParsedScoreboard]

# Any JSON, among it what PostgreSQL's text cannot store and what overflows its numbers.
any_text = st.text(st.characters(exclude_categories=[]), max_size=8)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=5,
)
api_words = st.sampled_from(
    ["", "0", "TBA", "FINAL (OT)", "final", "pre", "live", ":00", "/game/1", "/game/999999999", "top-25", "12:00AM ET"]
)
VALID = json.loads(
    """{"gameID": "9000001", "url": "/game/9000001", "gameState": "live", "startDate": "01/03/2026",
    "startTime": "7:00 PM ET", "startTimeEpoch": "1767484800", "currentPeriod": "2nd", "finalMessage": "2ND HALF",
    "contestClock": "07:20", "bracketRound": 4, "network": "CBS",
    "home": {"score": "51", "seed": "1", "rank": "4", "names": {"char6": "DUKE", "short": "Duke", "seo": "duke",
        "full": ""}, "conferences": [{"conferenceName": "", "conferenceSeo": "acc"}]},
    "away": {"score": "46", "seed": "16", "rank": "", "names": {"char6": "YALE", "short": "Yale", "seo": "yale",
        "full": ""}, "conferences": [{"conferenceName": "", "conferenceSeo": "ivy-league"}]}}"""
)


def paths_in(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(path_of_value for key, item in inner for path_of_value in paths_in(item, (*path, key)))]


@st.composite
def mutations(draw: st.DrawFn) -> object:
    """A valid game with up to three values removed or replaced by any JSON."""
    game: Any = copy.deepcopy(VALID)
    for path_of_value in draw(st.lists(st.sampled_from(paths_in(VALID)), min_size=1, max_size=3)):
        value = draw(any_json | api_words)
        if not path_of_value:
            game = value
            continue
        *parents, last = path_of_value
        target = game
        try:
            for key in parents:
                target = target[key]
            if draw(st.booleans()):
                target[last] = value
            else:
                del target[last]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier mutation removed the value
    return game


@settings(max_examples=150)
@given(game=mutations())
def test_any_json_in_a_game_gives_a_game_or_a_reject_that_postgresql_can_store(parse: Parse, game: object) -> None:
    good = [{"game": {**VALID, "url": f"/game/{number}"}} for number in range(11, 15)]
    board = parse({"games": [*good, {"game": game}]}, dt.date(2026, 1, 3))
    assert board.games_received + board.duplicates == 5
    for read in board.games:
        for value in [*dataclasses.astuple(read.home), *dataclasses.astuple(read.away), *dataclasses.astuple(read)]:
            if isinstance(value, str):
                assert value.strip() == value
                assert "\0" not in value
                value.encode()
            if isinstance(value, int):
                assert 0 <= value < 2**31
    for reject in board.rejects:
        assert reject.payload.isascii()
        assert json.dumps(json.loads(reject.payload)) == reject.payload
        assert reject.payload == json.dumps(game if game is not None else {"game": None})
        assert reject.reason.endswith(".")
        assert "\0" not in reject.reason
        reject.reason.encode()


@settings(max_examples=50)
@given(entries=st.lists(any_json | mutations().map(lambda game: {"game": game}), max_size=12))
def test_every_entry_is_a_game_or_a_reject_or_a_duplicate_or_the_day_is_refused(
    parse: Parse, entries: list[object]
) -> None:
    try:
        board = parse({"games": entries}, dt.date(2026, 1, 3))
    except NotAScoreboardError:
        assert entries
        return
    assert board.games_received + board.duplicates == len(entries)
    assert len({game.contest_id for game in board.games}) == len(board.games)
    assert len({reject.key for reject in board.rejects}) == len(board.rejects)
    assert not {str(game.contest_id) for game in board.games} & {reject.key for reject in board.rejects}


@settings(max_examples=50)
@given(answer=any_json | st.dictionaries(st.just("games"), any_json))
def test_any_json_is_a_scoreboard_or_is_refused_in_one_line(parse: Parse, answer: object) -> None:
    outcome = outcome_of(parse, answer)
    if isinstance(outcome, ParsedScoreboard):
        assert isinstance(answer, dict)
        assert outcome.games_received + outcome.duplicates == len(answer["games"])
    else:
        assert outcome.isprintable()


@settings(max_examples=50)
@given(answer=st.binary(max_size=40))
def test_any_bytes_are_an_empty_scoreboard_or_refused_in_one_line(parse: Parse, answer: bytes) -> None:
    outcome = outcome_of(parse, answer)
    if isinstance(outcome, ParsedScoreboard):  # forty bytes are enough for one without games
        assert outcome.games_received == 0
    else:
        assert outcome.isprintable()


def outcome_of(parse: Parse, answer: object) -> ParsedScoreboard | str:
    try:
        return parse(answer, dt.date(2026, 1, 3))
    except NotAScoreboardError as error:
        return str(error)
