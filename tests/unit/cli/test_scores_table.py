"""The table of `gamepulse scores`."""

import datetime as dt
import io
import json
from typing import Any

import pytest
from rich.console import Console
from support.builders import at, day

from pipelines.cli.scores import Score, Scores, no_games, scores_table

NOW = at("2026-01-10 20:10")
PLAIN = Score(
    game_id="ncaam_1",
    game_status="scheduled",
    game_period=None,
    game_clock=None,
    game_start_time=at("2026-01-10 19:00"),
    away_team="Duke",
    away_rank=None,
    away_score=None,
    home_team="UNC",
    home_rank=None,
    home_score=None,
    overtime_periods=0,
    conference_game=None,
)


def lines(*games: Score, width: int = 100, fetched_at: dt.datetime | None = NOW) -> list[str]:
    """Returns the printed lines."""
    console = Console(file=io.StringIO(), width=width)
    console.print(scores_table(Scores(day("2026-01-10"), fetched_at, games), NOW))
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue().splitlines()


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, "7:00 PM Duke UNC"),
        ({"game_start_time": None}, "TBA Duke UNC"),
        (
            {"game_status": "live", "game_period": "2nd", "game_clock": "7:20", "away_score": 40, "home_score": 0},
            "2nd 7:20 Duke 40 0 UNC",
        ),
        (
            {"game_status": "live", "game_period": "halftime", "game_clock": "0:00", "away_score": 9, "home_score": 8},
            "halftime Duke 9 8 UNC",
        ),
        ({"game_status": "final", "away_score": 80, "home_score": 75}, "final Duke 80 75 UNC"),
        ({"game_status": "final", "overtime_periods": 1, "away_score": 9, "home_score": 8}, "final (OT) Duke 9 8 UNC"),
        ({"game_status": "final", "overtime_periods": 3, "away_score": 9, "home_score": 8}, "final (3OT) Duke 9 8 UNC"),
        ({"game_status": "postponed"}, "postponed Duke UNC"),
        ({"away_rank": 4, "conference_game": "ACC"}, "7:00 PM (4) Duke UNC ACC"),
        ({"home_team": "[bold]St. Mary's"}, "7:00 PM Duke [bold]St. Mary's"),
    ],
)
def test_a_game_is_a_line(values: dict[str, Any], line: str) -> None:
    shown = lines(PLAIN._replace(**values))
    assert line in [" ".join(row.split()) for row in shown]


def test_the_title_counts_games_by_status_and_the_caption_tells_the_time_of_the_fetch() -> None:
    final = PLAIN._replace(game_status="final", away_score=80, home_score=75)
    shown = "\n".join(lines(final, final, PLAIN, fetched_at=at("2026-01-10 20:00")))
    assert "Saturday, 2026-01-10: 2 final, 1 scheduled" in shown
    assert "as of 20:00 ET" in shown


def test_a_game_fits_on_a_line_of_80_characters() -> None:
    game = PLAIN._replace(
        game_status="live", game_period="2nd", game_clock="17:20", away_score=101, home_score=100,
        away_team="Col. of Charleston", home_team="Houston Christian", conference_game="Mountain West",
    )  # fmt: skip
    assert len(lines(game, width=80)) == len(lines(game, width=200))


def test_no_games_has_a_reason_and_a_next_step() -> None:
    def why(date: str, fetched_at: dt.datetime | None = None, *, simulated: bool = False) -> str:
        return no_games(Scores(day(date), fetched_at, []), NOW, simulated=simulated)

    assert why("2025-12-25", at("2025-12-27 13:00")).startswith("2025-12-25 had no games, as of 2025-12-27 13:00 ET")
    assert "never loaded: run `gamepulse backfill 2025-12-25`" in why("2025-12-25")
    simulated = why("2026-01-10", simulated=True)
    assert "`gamepulse backfill 2026-01-10` while `gamepulse up` runs." in simulated
    assert "2026-01-11 is not loaded yet" in why("2026-01-11")
    assert why("1999-01-01") == "1999-01-01 is before 2010-11-01, the first date of the source."
    failed = no_games(Scores(day("2026-01-09"), None, [], "GET https://api.test gave 500."), NOW)
    assert failed == (
        "2026-01-09 failed: GET https://api.test gave 500.\nTo load it again, run `gamepulse backfill 2026-01-09`."
    )


def test_the_json_uses_the_names_of_the_columns() -> None:
    found = json.loads(json.dumps(Scores(day("2026-01-10"), NOW, [PLAIN]).to_json(), default=str))
    assert found["game_date"] == "2026-01-10"
    assert found["games"][0]["away_team"] == "Duke"
    assert found["games"][0]["game_status"] == "scheduled"
