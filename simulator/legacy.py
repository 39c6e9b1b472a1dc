"""Scoreboards in the API's legacy format, its fallback for dates until 2025."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from models.reference import Team, conference_name
from simulator.days import EASTERN, season_of
from simulator.game import UNDECIDED, Listed, Moment, State
from simulator.payload import md5, with_overrides

Json = dict[str, Any]
RecordOf = Callable[[Team, datetime], tuple[int, int]]
"""Games won and lost by a team, up to and including the game at a time."""

FROZEN_AT = datetime(2025, 8, 29, tzinfo=EASTERN)
"""The last update of the legacy feed: later games stay `pre` forever."""

_ID_OFFSET = 4_000_000


def scoreboard(games: Iterable[Listed], now: datetime, record_of: RecordOf) -> bytes:
    """Returns a scoreboard; `updated_at` is US Eastern."""
    entries = [contest(game, record_of) for game in games]
    digest = md5(to_json(entries))
    return to_json(
        {
            "inputMD5Sum": digest,
            "instanceId": md5(f"{digest} {now}".encode()),
            "updated_at": now.astimezone(EASTERN).strftime("%m-%d-%Y %H:%M:%S"),
            "hideRank": False,
            "games": entries,
        }
    )


def contest(listed: Listed, record_of: RecordOf) -> Json:
    """Returns one entry of `games`. Its contest id is in `url` only; `gameID` is another number."""
    game, at = listed.game, listed.moment
    fields: Json = {
        "gameID": "" if UNDECIDED in (game.home, game.away) else str(game.contest_id - _ID_OFFSET),
        "away": _side(listed, record_of, home=False),
        "finalMessage": _period(at),
        "bracketRound": game.round_name.replace(" Four", " Four&#174;"),
        "title": f"{game.home.short_name} {game.away.short_name}",
        "contestName": "",
        "url": f"/game/{game.contest_id}",
        "network": game.network,
        "home": _side(listed, record_of, home=True),
        "liveVideoEnabled": False,
        "startTime": game.tip_off.strftime("%I:%M%p ET"),
        "startTimeEpoch": str(int(game.tip_off.timestamp())),
        "bracketId": str(game.bracket_id or ""),
        "gameState": str(at.state),
        "startDate": game.day.strftime("%m-%d-%Y"),
        "currentPeriod": _period(at),
        "videoState": "",
        "bracketRegion": game.region,
        "contestClock": _clock(at),
    }
    return {"game": with_overrides(fields, listed)}


def _side(listed: Listed, record_of: RecordOf, *, home: bool) -> Json:
    game, at = listed.game, listed.moment
    team, seed, rank = (
        (game.home, game.home_seed, game.home_rank) if home else (game.away, game.away_seed, game.away_rank)
    )
    own, other = (at.home, at.away) if home else (at.away, at.home)
    won, lost = record_of(team, game.tip_off)
    listed_conferences = [
        {
            "conferenceName": conference_name(team.conference, season_of(game.day)) or "",
            "conferenceSeo": team.conference,
        }
    ]
    if rank:
        listed_conferences.append({"conferenceName": "Top 25", "conferenceSeo": "top-25"})
    return {
        "score": "" if own is None else str(own),
        "names": dict.fromkeys(("char6", "short", "seo", "full"), "")
        if team == UNDECIDED
        else {"char6": team.abbreviation, "short": team.short_name, "seo": team.slug, "full": team.full_name},
        "winner": at.state is State.FINAL and own is not None and other is not None and own > other,
        "seed": str(seed or ""),
        "description": f"({won}-{lost})",
        "rank": str(rank or ""),
        "conferences": listed_conferences,
    }


def _period(at: Moment) -> str:
    if at.state is State.PRE or at.halftime:
        return ""
    overtimes = at.period - 2
    overtime = "" if overtimes < 1 else "OT" if overtimes == 1 else f"{overtimes}OT"
    if at.state is State.FINAL:
        return f"FINAL ({overtime})" if overtime else "FINAL"
    if at.period == 2 and at.clock == 0:
        return "END 2ND"
    return overtime or ("1ST HALF" if at.period == 1 else "2ND HALF")


def _clock(at: Moment) -> str:
    if at.state is State.PRE:
        return ""
    if at.halftime:
        return ":00"
    return "0:00" if at.clock is None else f"{at.clock // 60}:{at.clock % 60:02}"
