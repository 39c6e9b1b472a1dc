"""Answers in the API's current format: that of henrygd/ncaa-api since winter 2025-26.

The odd values are the real API's: a clock of `0:00` before the game, `FINAL` as the message of an overtime game, empty
full names.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from pydantic_core import to_json

from models.reference import Team
from simulator.days import season_of
from simulator.game import Listed, Moment, State

Json = dict[str, Any]

INSTANCE_ID = hashlib.md5(b"", usedforsecurity=False).hexdigest()
"""`instanceId` of every answer in the current format."""

_TRADEMARKS = {"First Four", "Opening Round", "Sweet 16", "Elite Eight", "Final Four"}
"""Round names whose titles carry an HTML entity."""
_CHAMPIONSHIP_IDS = 1_000


def scoreboard(games: Iterable[Listed], now: datetime) -> bytes:
    """Returns the answer to `/scoreboard/basketball-men/d1/YYYY/MM/DD`."""
    return envelope(to_json([contest(game) for game in games]), now)


def envelope(games: bytes, now: datetime) -> bytes:
    """Returns a scoreboard with the JSON of its games; `updated_at` is UTC."""
    return b'{"inputMD5Sum":"%b","instanceId":"%b","updated_at":"%b","games":%b}' % (
        md5(games).encode(),
        INSTANCE_ID.encode(),
        f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S}".encode(),
        games,
    )


def md5(games: bytes) -> str:
    """Returns the digest of the games' JSON; `d751713988987e9331980363e24189ce` without games."""
    return hashlib.md5(games, usedforsecurity=False).hexdigest()


def contest(listed: Listed) -> Json:
    """Returns one entry of `games`."""
    game, at = listed.game, listed.moment
    day = game.day
    fields: Json = {
        "gameID": str(game.contest_id),
        "away": _side(game.away, at.away, game.away_seed, game.away_rank, won=_won(at, at.away, at.home)),
        "finalMessage": _message(at),
        "title": f"{game.away.short_name} {game.home.short_name}",
        "url": f"/game/{game.contest_id}",
        "network": game.network,
        "home": _side(game.home, at.home, game.home_seed, game.home_rank, won=_won(at, at.home, at.away)),
        "liveVideoEnabled": False,
        "startTime": f"{_twelve_hours(game.tip_off)} ET",
        "startTimeEpoch": str(int(game.tip_off.timestamp())),
        "gameState": at.state.value,
        "startDate": f"{day.month:02}/{day.day:02}/{day.year}",
        "currentPeriod": _period(at),
        "contestClock": "0:00" if at.clock is None else f"{at.clock // 60:02}:{at.clock % 60:02}",
        "bracketId": game.bracket_id or "",
        "bracketRound": game.bracket_round or "",
    }
    if game.bracket_round:
        fields["championshipId"] = _CHAMPIONSHIP_IDS + season_of(game.day)
        fields["championshipGame"] = {
            "round": {
                "roundNumber": game.bracket_round,
                "title": game.round_name + ("&#174;" if game.round_name in _TRADEMARKS else ""),
                "subtitle": game.region or f"{game.day:%B} {game.day.day}",
            }
        }
    return {"game": with_overrides(fields, listed)}


def with_overrides(fields: Json, listed: Listed) -> Json:
    """Replaces the fields of a game that a fault overrides."""
    for path, value in listed.overrides.items():
        *parents, name = path.split(".")
        target = fields
        for parent in parents:
            target = target[parent]
        target[name] = value
    return fields


def calendar(counts: Mapping[date, int], today: date) -> Json:
    """Returns the answer to `/schedule-alt/basketball-men/d1/{season}`: the game count of each date with games."""
    return {
        "data": {
            "schedules": {
                "games": [
                    {"count": count, "contestDate": day.strftime("%m/%d/%Y")}
                    for day, count in sorted(counts.items())
                    if count
                ],
                "today": {"date": today.strftime("%m/%d/%Y"), "week": None, "season": season_of(today)},
            }
        }
    }


_PERIODS = {1: "1st", 2: "2nd"}


def _side(team: Team, score: int | None, seed: int | None, rank: int | None, *, won: bool) -> Json:
    return {
        "score": "" if score is None else str(score),
        "names": {"char6": team.abbreviation, "short": team.short_name, "seo": team.slug, "full": ""},
        "winner": won,
        "seed": str(seed or ""),
        "description": "",
        "rank": str(rank or ""),
        "conferences": [{"conferenceName": "", "conferenceSeo": team.conference}],
    }


def _won(at: Moment, own: int | None, other: int | None) -> bool:
    return at.state is State.FINAL and own is not None and other is not None and own > other


def _period(at: Moment) -> str:
    if at.state is State.PRE:
        return ""
    overtime = _overtime(at.period)
    if at.state is State.FINAL:
        return f"FINAL - {overtime}" if overtime else "FINAL"
    return "HALFTIME" if at.halftime else overtime or _PERIODS[at.period]


def _message(at: Moment) -> str:
    if at.state is State.PRE:
        return ""
    if at.state is State.FINAL:
        return "FINAL"  # also for overtime games
    return "HALF" if at.halftime else _overtime(at.period) or f"{_PERIODS[at.period].upper()} HALF"


def _overtime(period: int) -> str:
    overtimes = period - 2
    return "" if overtimes < 1 else "OT" if overtimes == 1 else f"{overtimes}OT"


def _twelve_hours(tip_off: datetime) -> str:
    return f"{tip_off.hour % 12 or 12}:{tip_off.minute:02} {'AM' if tip_off.hour < 12 else 'PM'}"
