"""Answers to `/game/{id}`: where a game is played, and its points by period."""

from hashlib import blake2b
from typing import Any

from models.reference import Team
from simulator.game import Game, Kind, Listed, State

_STATES = {State.PRE: "P", State.LIVE: "I", State.FINAL: "F"}
_NEUTRAL_ARENAS = (
    ("Seaside Arena", "Port Haven", "FL"),
    ("Desert Pavilion", "Mesa Verde", "NV"),
    ("Island Gymnasium", "Lahainaluna", "HI"),
    ("Riverfront Center", "Three Forks", "MO"),
    ("Midtown Garden", "Midtown", "NY"),
    ("Atlantis Hall", "Paradise Cove", None),
)
"""Places of early-season events; the last is abroad, without a state."""
_US_STATES = ("AL", "CA", "CO", "GA", "IL", "KS", "MA", "NC", "OH", "PA", "TX", "UT", "VA", "WA")
_TWO_ARENAS_EVERY = 20


def answer(entry: Listed, *, has_location: bool = True) -> dict[str, Any]:
    """Returns the answer for a game as it is listed."""
    game, at = entry.game, entry.moment
    name, city, state = place(game)
    has_lines = (at.home, at.away) == (game.home_score, game.away_score)  # not of a forfeit
    won = game.home if game.home_score > game.away_score else game.away
    return {
        "contests": [
            {
                "id": game.contest_id,
                "gameState": _STATES[at.state],
                "hasStartTime": True,
                "startTimeEpoch": int(game.tip_off.timestamp()),
                "seasonYear": game.day.year if game.day.month >= 8 else game.day.year - 1,
                "winner": _team_id(won) if at.state is State.FINAL else None,
                "linescores": [
                    {"period": str(number), "visit": str(away), "home": str(home)}
                    for number, (home, away) in enumerate(game.line, 1)
                ]
                if at.state is State.FINAL and has_lines
                else [],
                "teams": [_side(game.home, at.home, is_home=True), _side(game.away, at.away, is_home=False)],
                "location": {"venue": name, "city": city, "stateUsps": state or ""} if has_location else None,
            }
        ]
    }


def place(game: Game) -> tuple[str, str, str | None]:
    """Returns venue, city and state. One team in twenty plays a quarter of its home games in a second arena."""
    match game.kind:
        case Kind.CONFERENCE_TOURNAMENT:
            return f"{game.home.conference} Tournament Arena", f"{game.home.conference} City", "TN"
        case Kind.BRACKET:
            return f"{game.region or 'National'} {game.round_name} Arena", f"{game.region or 'National'} City", "IN"
    if game.is_neutral:
        return _NEUTRAL_ARENAS[game.day.toordinal() // 7 % len(_NEUTRAL_ARENAS)]
    team = _number(game.home.slug)
    city, state = game.home.short_name, _US_STATES[team % len(_US_STATES)]
    if team % _TWO_ARENAS_EVERY == 0 and game.contest_id % 4 == 0:
        return f"{city} Civic Center", city, state
    return f"{city} Arena", city, state


def _side(team: Team, score: int | None, *, is_home: bool) -> dict[str, Any]:
    return {
        "isHome": is_home,
        "teamId": _team_id(team),
        "seoname": team.slug,
        "nameShort": team.short_name,
        "nameFull": team.full_name,
        "score": score,
        "division": 1,
        "divisionName": "I",
    }


def _team_id(team: Team) -> str:
    return str(_number(team.slug) % 100_000)


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")
