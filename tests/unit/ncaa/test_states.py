"""Status, scores, period and overtimes from the API's state and texts."""

from typing import Any

import pytest
from support.raw_games import parse_answer, raw_answer, raw_game

from pipelines.ncaa.game import Game

DATE = "2025-02-01"


def parse_one(*, legacy: bool = False, score: str = "-", **fields: Any) -> Game:
    home, _, away = score.partition("-")
    raw = raw_game(8, score=(home, away), **{"currentPeriod": "", "finalMessage": ""} | fields)
    board = parse_answer(raw_answer(raw, **({"hideRank": False} if legacy else {})), DATE)
    assert (board.rejects, board.undecided) == ((), ())
    return board.games[0]


def outcome(game: Game) -> tuple[str, int | None, int | None]:
    return game.status, game.home.score, game.away.score


CALLED_OFF = [
    ("POSTPONED", "0-0", ("postponed", None, None)),
    ("Postponed", "", ("postponed", None, None)),
    ("PPD", "0-0", ("postponed", None, None)),
    ("POSTPONED - WEATHER", "12-10", ("postponed", None, None)),
    ("CANCELED", "0-0", ("canceled", None, None)),
    ("Cancelled", "", ("canceled", None, None)),
    ("NO CONTEST", "0-0", ("canceled", None, None)),
    ("NO CONTEST", "44-40", ("canceled", None, None)),
    ("No-Contest", "", ("canceled", None, None)),
    ("FORFEIT", "2-0", ("final", 2, 0)),
    ("FORFEIT", "0-2", ("final", 0, 2)),
    ("FORFEIT", "44-40", ("final", 44, 40)),
    ("FORFEIT", "0-0", ("canceled", None, None)),
    ("Forfeited", "", ("canceled", None, None)),
    ("SUSPENDED", "44-40", ("live", 44, 40)),
    ("SUSPENDED", "44-44", ("live", 44, 44)),
    ("SUSPENDED", "0-0", ("scheduled", None, None)),
    ("DELAYED", "", ("scheduled", None, None)),
    ("DELAYED", "30-28", ("live", 30, 28)),
    ("FINAL (resumed; suspended Jan 31)", "70-64", ("final", 70, 64)),
    ("FINAL (resumed; postponed from Jan 31)", "70-64", ("final", 70, 64)),
    ("Final - rescheduled from canceled game", "70-64", ("final", 70, 64)),
    ("FINAL (FORFEIT)", "2-0", ("final", 2, 0)),
    ("FINAL (OT)", "70-64", ("final", 70, 64)),
]


@pytest.mark.parametrize("state", ["pre", "final"])
@pytest.mark.parametrize("field", ["currentPeriod", "finalMessage"])
@pytest.mark.parametrize(("text", "score", "expected"), CALLED_OFF)
def test_a_text_in_either_field_tells_a_game_that_was_called_off(
    text: str, score: str, expected: tuple[str, int | None, int | None], field: str, state: str
) -> None:
    game = parse_one(gameState=state, score=score or "-", **{field: text})
    assert outcome(game) == expected


@pytest.mark.parametrize(
    ("state", "score", "expected"),
    [
        ("postponed", "0-0", ("postponed", None, None)),
        ("canceled", "0-0", ("canceled", None, None)),
        ("cancelled", "-", ("canceled", None, None)),
        ("no_contest", "0-0", ("canceled", None, None)),
        ("no contest", "0-0", ("canceled", None, None)),
        ("forfeit", "2-0", ("final", 2, 0)),
        ("FORFEIT", "0-0", ("canceled", None, None)),
        ("suspended", "44-40", ("live", 44, 40)),
        ("delayed", "-", ("scheduled", None, None)),
        ("final", "0-0", ("final", 0, 0)),
        ("live", "0-0", ("live", 0, 0)),
    ],
)
def test_a_state_tells_a_game_that_was_called_off(
    state: str, score: str, expected: tuple[str, int | None, int | None]
) -> None:
    assert outcome(parse_one(gameState=state, score=score)) == expected


def test_a_live_game_that_is_delayed_is_live() -> None:
    assert parse_one(gameState="live", score="0-0", finalMessage="DELAYED").status == "live"


def test_a_scheduled_game_with_a_final_text_and_no_score_is_scheduled() -> None:
    assert outcome(parse_one(gameState="pre", score="-", currentPeriod="FINAL")) == ("scheduled", None, None)


def test_a_final_without_a_score_is_a_reject() -> None:
    board = parse_answer(raw_answer(raw_game(8, score=("", ""))), DATE)
    assert [reject.reason for reject in board.rejects] == ["gameState is 'final' and a score is missing."]


OVERTIMES = [
    ("OT", 1),
    ("OT1", 1),
    ("OT2", 2),
    ("OT 3", 3),
    ("2OT", 2),
    ("2nd OT", 2),
    ("3RD OVERTIME", 3),
    ("OVERTIME", 1),
    ("Double Overtime", 2),
    ("END OT", 1),
    ("FINAL - OT", 1),
    ("FINAL - 2OT", 2),
    ("FINAL (3OT)", 3),
    ("FINAL (2 OT)", 2),
    ("FINAL/OT", 1),
    ("Final/2OT", 2),
    ("FINAL OT2", 2),
    ("FINAL", 0),
    ("FINAL (NOTE)", 0),
    ("FOOTBALL", 0),
    ("", 0),
]


@pytest.mark.parametrize(("text", "overtimes"), OVERTIMES)
@pytest.mark.parametrize("field", ["currentPeriod", "finalMessage"])
def test_overtimes_of_a_final(text: str, overtimes: int, field: str) -> None:
    game = parse_one(score="80-79", **{"currentPeriod": "FINAL", field: text})
    assert (game.status, game.period, game.overtime_periods) == ("final", "final", overtimes)


@pytest.mark.parametrize(
    ("text", "period", "overtimes"),
    [
        ("OT", "OT", 1),
        ("OT2", "2OT", 2),
        ("OVERTIME", "OT", 1),
        ("2ND OT", "2OT", 2),
        ("1ST HALF", "1st", 0),
        ("2nd", "2nd", 0),
        ("HALFTIME", "halftime", 0),
        ("OT 2:30", "OT", 1),
    ],
)
def test_periods_of_a_live_game(text: str, period: str, overtimes: int) -> None:
    game = parse_one(gameState="live", score="70-70", currentPeriod=text, contestClock="2:30")
    assert (game.period, game.overtime_periods, game.clock) == (period, overtimes, "2:30")


@pytest.mark.parametrize("clock", ["", "0:00"])
def test_a_live_game_of_the_current_feed_without_period_and_clock_is_not_at_half_time(clock: str) -> None:
    game = parse_one(gameState="live", score="30-28", contestClock=clock)
    assert (game.status, game.period, game.clock) == ("live", None, None)


@pytest.mark.parametrize(("clock", "period"), [(":00", "halftime"), ("0:00", "halftime"), ("", None), ("5:00", None)])
def test_a_live_legacy_game_without_a_period_is_at_half_time_at_zero(clock: str, period: str | None) -> None:
    assert parse_one(legacy=True, gameState="live", score="30-28", contestClock=clock).period == period
