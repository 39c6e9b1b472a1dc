"""Generated scoreboards of any size in the API's current format: real teams, invented and reproducible pairings."""

import datetime as dt
import itertools
import json
import random
from typing import Any

from models.reference import Team, teams
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ParsedScoreboard, ScoreboardResponse, parse_scoreboard
from pipelines.seasons import EASTERN

_FIRST_CONTEST = 6_500_000
_NETWORKS = ("ESPN+", "", "ESPNU", "", "FS1", "CBSSN", "", "ESPN2")


def response(date: dt.date, size: int, *, points: int = 0) -> ScoreboardResponse:
    """Returns the scoreboard of a date, fetched at 22:00 Eastern: six of ten games are final, two live.

    The home teams of the live games have so many points more.

    Equal sizes give equal contests on every date; no pair of teams meets twice.
    """
    games = [_game(date, number, home, away, points) for number, (home, away) in enumerate(_pairings(size))]
    body = {
        "inputMD5Sum": "e4a478e84143f86174b91e7a7e25bc8f",
        "instanceId": "d41d8cd98f00b204e9800998ecf8427e",
        "updated_at": f"{date} 22:00:00",
        "games": [{"game": game} for game in games],
    }
    fetched_at = dt.datetime.combine(date, dt.time(22), EASTERN)
    url = f"https://ncaa-api.example/scoreboard/basketball-men/d1/{date:%Y/%m/%d}/all-conf"
    return ScoreboardResponse(MENS_BASKETBALL, date, json.dumps(body, separators=(",", ":")).encode(), fetched_at, url)


def scoreboard(date: dt.date, size: int) -> ParsedScoreboard:
    """Returns the parsed scoreboard of a date."""
    parsed = parse_scoreboard(response(date, size))
    assert len(parsed.games) == size, "every generated game is readable"
    return parsed


def eventful_scoreboard(date: dt.date, size: int) -> ParsedScoreboard:
    """Returns a scoreboard with an unreadable game and a team in another conference: a load with all its statements."""
    usual = response(date, size)
    body = json.loads(usual.body)
    games = [entry["game"] for entry in body["games"]]
    games[0]["gameState"] = "unknown"
    sides = [game[side] for game in games for side in ("home", "away")]
    for side in sides:
        if side["names"] == sides[-1]["names"]:
            side["conferences"][0]["conferenceSeo"] = "unknown-conference"
    return parse_scoreboard(usual._replace(body=json.dumps(body).encode()))


def _pairings(size: int) -> list[tuple[Team, Team]]:
    return random.Random(2025).sample(list(itertools.combinations(teams(2025), 2)), size)


def _game(date: dt.date, number: int, home: Team, away: Team, points: int) -> dict[str, Any]:
    state, period, message, clock = _STATES[number % len(_STATES)]
    home_score, away_score = (0, 0) if state == "pre" else (55 + number % 37, 56 + number % 31)
    home_score += points if state == "live" else 0
    tip_off = dt.datetime.combine(date, dt.time(12 + number % 10, number % 4 * 15), EASTERN)
    hour = tip_off.hour % 12 or 12
    return {
        "gameID": str(_FIRST_CONTEST + number),
        "away": _side(away, away_score, number, won=state == "final" and away_score > home_score),
        "finalMessage": message,
        "title": f"{away.short_name} {home.short_name}",
        "url": f"/game/{_FIRST_CONTEST + number}",
        "network": _NETWORKS[number % len(_NETWORKS)],
        "home": _side(home, home_score, number + 7, won=state == "final" and home_score > away_score),
        "liveVideoEnabled": False,
        "startTime": f"{hour}:{tip_off.minute:02} PM ET",
        "startTimeEpoch": str(int(tip_off.timestamp())),
        "gameState": state,
        "startDate": f"{date:%m/%d/%Y}",
        "currentPeriod": period,
        "contestClock": clock,
        "bracketId": "",
        "bracketRound": "",
    }


_STATES = (
    *(("final", "FINAL", "FINAL", "0:00"),) * 5,
    ("final", "FINAL - OT", "FINAL", "0:00"),
    ("live", "1st", "1ST HALF", "07:20"),
    ("live", "2nd", "2ND HALF", "14:05"),
    *(("pre", "", "", "0:00"),) * 2,
)


def _side(team: Team, score: int, number: int, *, won: bool) -> dict[str, Any]:
    return {
        "score": str(score or ""),
        "names": {"char6": team.abbreviation, "short": team.short_name, "seo": team.slug, "full": ""},
        "winner": won,
        "seed": "",
        "description": "",
        "rank": str(number % 9 + 1) if number % 9 == 0 else "",
        "conferences": [{"conferenceName": "", "conferenceSeo": team.conference}],
    }
