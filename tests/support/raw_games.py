"""Builders of raw games and answers in the API's current format."""

import json
from typing import Any

from support.builders import at, day

from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ParsedScoreboard, ScoreboardResponse, parse_scoreboard


def raw_side(slug: str, score: str = "", *, conference: str = "acc", **fields: Any) -> dict[str, Any]:
    """Returns one side of a raw game, named after its slug. `fields` replace or add API fields."""
    return {
        "score": score,
        "names": {"char6": slug[:6].upper(), "short": slug.title(), "seo": slug, "full": ""},
        "winner": False,
        "seed": "",
        "description": "",
        "rank": "",
        "conferences": [{"conferenceName": "", "conferenceSeo": conference}],
    } | fields


def raw_game(
    contest_id: int,
    home: str | dict[str, Any] = "duke",
    away: str | dict[str, Any] = "yale",
    *,
    score: tuple[str, str] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Returns a raw game: final 80-70, or without score and period when `gameState` is `pre`.

    `fields` replace or add API fields.
    """
    is_scheduled = fields.get("gameState") == "pre"
    home_score, away_score = score or (("", "") if is_scheduled else ("80", "70"))
    return {
        "gameID": str(contest_id),
        "url": f"/game/{contest_id}",
        "title": "",
        "startDate": "",
        "startTime": "7:00 PM ET",
        "startTimeEpoch": "",
        "gameState": "final",
        "currentPeriod": "" if is_scheduled else "FINAL",
        "finalMessage": "" if is_scheduled else "FINAL",
        "contestClock": "0:00",
        "network": "",
        "bracketId": "",
        "bracketRound": "",
        "home": raw_side(home, home_score) if isinstance(home, str) else home,
        "away": raw_side(away, away_score) if isinstance(away, str) else away,
    } | fields


def raw_answer(*games: object, **envelope: Any) -> dict[str, Any]:
    """Returns a scoreboard answer with the given games. `envelope` adds fields beside `games`."""
    return {"games": [{"game": game} for game in games]} | envelope


def parse_answer(answer: object, date: str, fetched_at: str = "") -> ParsedScoreboard:
    """Parses bytes, or anything else as JSON, as the answer for a date, fetched at a US Eastern time."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    url = f"https://api.test/scoreboard/{date.replace('-', '/')}"
    return parse_scoreboard(
        ScoreboardResponse(MENS_BASKETBALL, day(date), body, at(fetched_at or f"{date} 23:00"), url)
    )
