"""Games with an unreadable identifying field: each is a reject, and more than a fifth of them fail the date."""

import copy
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from support.raw_games import raw_game

from pipelines.errors import NotAScoreboardError, WrongDateError
from pipelines.ncaa.scoreboard import ParsedScoreboard, Reject, ScoreboardResponse

Parse = Callable[[object, dt.date], ParsedScoreboard]
MadeUp = Callable[[str, str], ScoreboardResponse]
ParseMadeUp = Callable[[str, str], ParsedScoreboard]

DATE = dt.date(2026, 1, 3)
BAD_CONTEST = 9_000_999
A_MEGABYTE = "x" * 2**20


def game(contest_id: int) -> dict[str, Any]:
    return raw_game(contest_id, startDate="01/03/2026", startTimeEpoch="1767484800")


def changed(path: str, value: object) -> dict[str, Any]:
    """A game with another value somewhere, `home.names.short`."""
    whole = game(BAD_CONTEST)
    *parents, last = path.split(".")
    target = whole
    for parent in parents:
        target = target[parent]
    target[last] = value
    return whole


def without(path: str) -> dict[str, Any]:
    whole = game(BAD_CONTEST)
    *parents, last = path.split(".")
    target = whole
    for parent in parents:
        target = target[parent]
    del target[last]
    return whole


def scoreboard_with(*bad: object) -> dict[str, Any]:
    """Adds readable games, so that the bad ones are no more than a fifth."""
    good = [{"game": game(9_000_000 + number)} for number in range(4 * len(bad))]
    return {"games": [*good, *bad]}


def only_reject(scoreboard: ParsedScoreboard, good: int = 4) -> Reject:
    assert len(scoreboard.games) == good
    (reject,) = scoreboard.rejects
    return reject


@pytest.mark.parametrize(
    ("trap", "reason"),
    [
        ("missing-url", "url: field required"),
        ("other-date", "startDate is '02/12/2026', but it is on the scoreboard of 2026-02-11."),
        ("score-in-words", "away.score: "),
        ("final-without-score", "gameState is 'final' and a score is missing."),
    ],
)
def test_one_unreadable_game_of_five_is_a_reject_and_the_others_load(
    made_up: MadeUp, parse_made_up: ParseMadeUp, trap: str, reason: str
) -> None:
    reject = only_reject(parse_made_up("current", trap))
    assert reject.reason.startswith(reason)
    assert json.loads(reject.payload) == json.loads(made_up("current", trap).body)["games"][4]["game"]


UNREADABLE = {
    "no home": without("home"),
    "no away": without("away"),
    "home is null": changed("home", None),
    "no names": without("home.names"),
    "no state": without("gameState"),
    "unknown state": changed("gameState", "abandoned"),
    "empty state": changed("gameState", ""),
    "state is a number": changed("gameState", 3),
    "url is null": changed("url", None),
    "url without a number": changed("url", "/game/"),
    "url of an article": changed("url", "/news/2026-01-03/duke-beats-yale"),
    "contest id of ten digits": changed("url", "/game/9000000999"),
    "negative score": changed("home.score", "-1"),
    "score of four digits": changed("home.score", "1070"),
    "score with a fraction": changed("home.score", "70.5"),
    "score is true": changed("home.score", True),
    "score is a list": changed("home.score", ["70"]),
    "score is infinite": changed("home.score", float("inf")),
    "score is NaN": changed("home.score", float("nan")),
    "score of 4000 digits": changed("home.score", 10**3999),
    "final without a score": changed("away.score", ""),
    "final with a null score": changed("away.score", None),
    "no name and no slug": changed("home.names", {"seo": "", "short": ""}),
    "a name without letters": changed("home.names", {"seo": "", "short": "!?"}),
    "a slug that is none": changed("home.names.seo", "../duke"),
    "a team against itself": changed("away.names.seo", "duke"),
    "an older slug of the same team": {
        **changed("home.names.seo", "fdu"),
        "away": changed("away.names.seo", "fairleigh-dickinson")["away"],
    },
    "a date that is none": changed("startDate", "tomorrow"),
    "the date before": changed("startDate", "01/02/2026"),
    "day and month exchanged": changed("startDate", "03/01/2026"),
    "half a surrogate pair in the state": changed("gameState", "\udfff"),
    "half a surrogate pair in the url": changed("url", f"/game/\ud83d/{BAD_CONTEST}x"),
    "half a surrogate pair in the date": changed("startDate", "\ud800"),
    "half a surrogate pair in the slug": changed("home.names.seo", "\ud800"),
    "a state of a megabyte": changed("gameState", A_MEGABYTE),
    "a url of a megabyte": changed("url", A_MEGABYTE),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_game_with_an_unreadable_identifying_field_is_rejected(parse: Parse, name: str) -> None:
    sent = UNREADABLE[name]
    reject = only_reject(parse(scoreboard_with({"game": sent}), DATE))
    # As text, since NaN does not equal itself.
    assert json.dumps(json.loads(reject.payload)) == json.dumps(sent)
    assert reject.reason.endswith(".")
    assert reject.reason.isprintable(), "no line break, no NUL, nothing that PostgreSQL cannot store"
    assert 10 < len(reject.reason) < 300


@pytest.mark.parametrize("name", UNREADABLE)
def test_the_key_of_a_reject_is_its_contest_id_where_it_has_one(parse: Parse, name: str) -> None:
    reject = only_reject(parse(scoreboard_with({"game": UNREADABLE[name]}), DATE))
    if "url" in name or "ten digits" in name:
        assert reject.contest_id is None
        assert reject.key.startswith("sha256:")
    else:
        assert (reject.contest_id, reject.key) == (BAD_CONTEST, str(BAD_CONTEST))


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("score is NaN", "home.score: "),
        ("no names", "home.names: "),
        ("unknown state", "gameState is 'abandoned'"),
        ("url of an article", "url is '/news/"),
        ("a team against itself", "home and away are both 'duke'"),
        ("an older slug of the same team", "home and away are both 'fdu'"),
        ("a name without letters", "home.names: seo is '' and short is '!?'"),
        ("no name and no slug", "gameState is 'final' and a team is undecided"),
    ],
)
def test_a_reason_names_the_field_as_the_api_does(parse: Parse, name: str, where: str) -> None:
    assert only_reject(parse(scoreboard_with({"game": UNREADABLE[name]}), DATE)).reason.startswith(where)


@pytest.mark.parametrize("entry", [None, 7, "game", [], [[]], {}, {"game": None}, {"contest": {"url": "/game/1"}}])
def test_an_entry_that_is_not_a_game_is_rejected(parse: Parse, entry: object) -> None:
    reject = only_reject(parse(scoreboard_with(entry), DATE))
    assert reject.contest_id is None
    assert reject.reason.isprintable()


def test_rejected_entries_without_a_contest_id_are_distinct(parse: Parse) -> None:
    strange = [{"contest": 1}, {"contest": 2}]
    board = parse(scoreboard_with(*strange), DATE)
    assert [json.loads(reject.payload) for reject in board.rejects] == strange
    assert board.duplicates == 0


@pytest.mark.parametrize("url", [f"/game/{BAD_CONTEST} ", f" /game/{BAD_CONTEST}/", f"/game/00{BAD_CONTEST}"])
def test_a_reject_has_the_contest_id_that_the_game_would_have(parse: Parse, url: str) -> None:
    sent = {**game(BAD_CONTEST), "url": url}
    assert parse({"games": [{"game": sent}]}, DATE).games[0].contest_id == BAD_CONTEST
    reject = only_reject(parse(scoreboard_with({"game": {**sent, "gameState": "?"}}), DATE))
    assert (reject.contest_id, reject.key) == (BAD_CONTEST, str(BAD_CONTEST))


def test_a_contest_listed_once_readable_and_once_not_is_a_game(parse: Parse) -> None:
    unreadable = {**changed("gameState", 7), "url": f"/game/0{BAD_CONTEST}"}
    board = parse(scoreboard_with({"game": game(BAD_CONTEST)}, {"game": unreadable}), DATE)
    assert (len(board.games), board.rejects, board.duplicates) == (9, (), 1)


@pytest.mark.parametrize(("good", "bad"), [(4, 1), (8, 2), (132, 33)])
def test_exactly_a_fifth_unreadable_loads(parse: Parse, good: int, bad: int) -> None:
    board = parse(day_of(good, bad), DATE)
    assert (len(board.games), len(board.rejects)) == (good, bad)


@pytest.mark.parametrize(("good", "bad"), [(3, 2), (7, 2), (131, 33), (0, 5), (0, 100)])
def test_more_than_a_fifth_unreadable_is_refused(parse: Parse, good: int, bad: int) -> None:
    with pytest.raises(NotAScoreboardError, match=rf"{good + bad} games, of which {bad} cannot be read") as caught:
        parse(day_of(good, bad), DATE)
    assert "gameState is 'abandoned'" in str(caught.value)
    assert not isinstance(caught.value, WrongDateError)


@pytest.mark.parametrize(("good", "bad"), [(0, 1), (1, 1), (0, 2), (3, 1), (0, 4)])
def test_unreadable_games_of_fewer_than_five_are_rejects(parse: Parse, good: int, bad: int) -> None:
    board = parse(day_of(good, bad), DATE)
    assert (len(board.games), len(board.rejects)) == (good, bad)


def day_of(good: int, bad: int) -> dict[str, Any]:
    entries = [{"game": game(9_000_000 + number)} for number in range(good + bad)]
    for entry in entries[good:]:
        entry["game"]["gameState"] = "abandoned"
    return {"games": entries}


def test_unreadable_games_count_against_the_fifth_though_listed_twice(parse: Parse) -> None:
    day = day_of(4, 1)
    day["games"].append(copy.deepcopy(day["games"][-1]))
    with pytest.raises(NotAScoreboardError, match="6 games, of which 2"):
        parse(day, DATE)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_of_any_depth_is_a_reject_or_a_refusal(parse: Parse, opening: str) -> None:
    """The depth that JSON can just be read at is where writing it back might fail."""

    def body(depth: int) -> bytes:
        nested = opening * depth + "1" + {"[": "]", '{"a":': "}"}[opening] * depth
        return json.dumps(scoreboard_with({"game": changed("gameState", "@")})).replace('"@"', nested).encode()

    def is_read(depth: int) -> bool:
        try:
            return len(parse(body(depth), DATE).rejects) == 1
        except NotAScoreboardError:
            return False

    deepest, too_deep = 10, 200_000
    assert is_read(deepest)
    assert not is_read(too_deep)
    while too_deep - deepest > 1:
        middle = (deepest + too_deep) // 2
        deepest, too_deep = (middle, too_deep) if is_read(middle) else (deepest, middle)
    assert {is_read(depth) for depth in range(deepest - 50, deepest + 50)} == {True, False}
