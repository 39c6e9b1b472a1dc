"""Start times from the text and the epoch of a game, either of which may be missing."""

import datetime as dt
from collections.abc import Callable

import pytest
from support.raw_games import parse_answer, raw_answer, raw_game

from pipelines.ncaa.game import Game
from pipelines.ncaa.scoreboard import ParsedScoreboard

ParseMadeUp = Callable[[str, str], ParsedScoreboard]


def by_home(scoreboard: ParsedScoreboard) -> dict[str, Game]:
    return {game.home.slug: game for game in scoreboard.games}


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_midnight_is_the_start_of_its_date(parse_made_up: ParseMadeUp) -> None:
    games = by_home(parse_made_up("legacy", "midnight"))
    assert {slug: game.start_time for slug, game in games.items()} == {
        "hawaii": utc("2025-02-28T05:00"),
        "army": utc("2025-02-28T17:00"),
        "pepperdine": utc("2025-03-01T04:59"),
    }


def test_a_start_time_is_null_until_announced_and_never_on_another_date(parse_made_up: ParseMadeUp) -> None:
    board = parse_made_up("current", "unannounced")
    assert board.rejects == ()
    assert {slug: game.start_time for slug, game in by_home(board).items()} == {
        "utah-tech": None,  # TBA, no epoch
        "nicholls-st": None,  # no time, epoch 0
        "marshall": utc("2025-12-21T00:30"),  # a time and no epoch
        "drexel": utc("2025-12-20T19:00"),  # a time and epoch 0
        "idaho-st": None,  # TBA, whose epoch is midnight
        "jacksonville": utc("2025-12-20T22:00"),  # no date: that of the scoreboard
        "norfolk-st": utc("2025-12-20T22:00"),  # the epoch is the day after's
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7:00 PM ET", "2026-03-08T23:00"),  # summer time began that morning
        ("07:00PM ET", "2026-03-08T23:00"),
        ("12:00 AM ET", "2026-03-08T05:00"),
        ("12:00AM ET", "2026-03-08T05:00"),
        ("1:59 AM ET", "2026-03-08T06:59"),
        ("3:00 AM ET", "2026-03-08T07:00"),
        ("12:30 PM ET", "2026-03-08T16:30"),
        ("11:59 PM ET", "2026-03-09T03:59"),
        ("7:00 pm et", "2026-03-08T23:00"),
    ],
)
def test_a_time_without_epoch_is_us_eastern(
    parse: Callable[[object, dt.date], ParsedScoreboard], text: str, expected: str
) -> None:
    game = {
        "url": "/game/9000900",
        "gameState": "pre",
        "startTime": text,
        "startTimeEpoch": "",
        "home": {"names": {"seo": "duke"}},
        "away": {"names": {"seo": "yale"}},
    }
    (read,) = parse({"games": [{"game": game}]}, dt.date(2026, 3, 8)).games
    assert read.start_time == utc(expected)


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [
        ("1772945999", "2026-03-09T00:00"),  # 7 March, 11:59:59 PM: another day's, so the text counts
        ("1772946000", "2026-03-08T05:00"),  # the day's first second
        ("1773028799", "2026-03-09T03:59:59"),  # its last
        ("1773028800", "2026-03-09T00:00"),
    ],
)
def test_an_epoch_within_the_date_takes_precedence_over_the_text(
    parse: Callable[[object, dt.date], ParsedScoreboard], epoch: str, expected: str
) -> None:
    game = {
        "url": "/game/9000900",
        "gameState": "pre",
        "startTime": "8:00 PM ET",
        "startTimeEpoch": epoch,
        "home": {"names": {"seo": "duke"}},
        "away": {"names": {"seo": "yale"}},
    }
    (read,) = parse({"games": [{"game": game}]}, dt.date(2026, 3, 8)).games
    assert read.start_time == utc(expected)


MIDNIGHT, SEVEN_PM = "1772946000", "1773010800"


@pytest.mark.parametrize("text", ["TBA", "tba", "TBD", ""])
@pytest.mark.parametrize("feed", ["current", "legacy"])
def test_a_midnight_epoch_without_a_time_is_unknown(text: str, feed: str) -> None:
    envelope = {"hideRank": False} if feed == "legacy" else {}
    date, epoch = ("2026-03-08", MIDNIGHT) if feed == "current" else ("2025-03-08", "1741410000")
    raw = raw_game(8, gameState="pre", startTime=text, startTimeEpoch=epoch)
    board = parse_answer(raw_answer(raw, **envelope), date)
    assert (board.games[0].start_time, board.unreadable_fields) == (None, ())


def test_a_midnight_epoch_with_a_midnight_time_is_midnight() -> None:
    raw = raw_game(8, gameState="pre", startTime="12:00 AM ET", startTimeEpoch=MIDNIGHT)
    assert parse_answer(raw_answer(raw), "2026-03-08").games[0].start_time == utc("2026-03-08T05:00")


def test_an_epoch_alone_is_the_start_time() -> None:
    raw = raw_game(8, gameState="pre", startTime="", startTimeEpoch=SEVEN_PM)
    assert parse_answer(raw_answer(raw), "2026-03-08").games[0].start_time == utc("2026-03-08T23:00")
