"""Answers that are not the scoreboard of the date are refused as a whole."""

import datetime as dt
from collections.abc import Callable

import pytest

from pipelines.errors import NotAScoreboardError, UpstreamFailedError, WrongDateError
from pipelines.ncaa.scoreboard import ParsedScoreboard, ScoreboardResponse, parse_scoreboard

Parse = Callable[[object, dt.date], ParsedScoreboard]
MadeUp = Callable[[str, str], ScoreboardResponse]

DATE = dt.date(2026, 1, 3)


def test_another_dates_scoreboard_is_refused(made_up: MadeUp) -> None:
    with pytest.raises(WrongDateError) as caught:
        parse_scoreboard(made_up("current", "todays-instead"))
    message = str(caught.value)
    assert "http://ncaa.example/scoreboard" in message
    assert "03/01/2026" in message
    assert "2026-02-03" in message
    assert caught.value.retryable is False


def test_a_stale_legacy_answer_is_an_upstream_failure(made_up: MadeUp, parse: Parse) -> None:
    with pytest.raises(UpstreamFailedError, match="2025-08-29"):
        parse_scoreboard(made_up("legacy", "after-the-feed-froze"))
    with pytest.raises(UpstreamFailedError):
        parse({"games": [], "hideRank": False}, dt.date(2025, 8, 30))
    assert parse({"games": [], "hideRank": False}, dt.date(2025, 8, 29)).feed == "legacy"


NOT_A_SCOREBOARD = {
    "nothing": b"",
    "HTML": b"<!DOCTYPE html><html><head><title>522</title></head><body>Connection timed out</body></html>",
    "text": b"fetch failed",
    "not UTF-8": b'{"games": ["\xff\xfe"]}',
    "null": b"null",
    "a number": b"17",
    "a string": b'"games"',
    "a list": b"[]",
    "a message": b'{"message": "Resource not found"}',
    "games is null": b'{"games": null}',
    "games is an object": b'{"games": {"game": {}}}',
    "games is a string": b'{"games": "none"}',
    "half a surrogate pair": b'"\\ud800"',
    "a number of 5000 digits": b'{"games": [' + b"9" * 5000 + b"]}",
    "nested 100 000 deep": b"[" * 100_000 + b"]" * 100_000,
}


@pytest.mark.parametrize("name", NOT_A_SCOREBOARD)
def test_an_answer_that_is_not_a_scoreboard_is_refused(parse: Parse, name: str) -> None:
    with pytest.raises(NotAScoreboardError) as caught:
        parse(NOT_A_SCOREBOARD[name], DATE)
    message = str(caught.value)
    assert message.startswith("GET http://ncaa.example/scoreboard returned ")
    assert "expected the scoreboard of 2026-01-03" in message
    assert message.isprintable()
    assert len(message) < 400


@pytest.mark.parametrize("feed", ["legacy", "current"])
def test_a_truncated_scoreboard_is_refused_wherever_it_was_cut(made_up: MadeUp, feed: str) -> None:
    whole = made_up(feed, "overtime")
    body = whole.body.rstrip()
    for length in range(0, len(body), 37):
        with pytest.raises(NotAScoreboardError):
            parse_scoreboard(whole._replace(body=body[:length]))
