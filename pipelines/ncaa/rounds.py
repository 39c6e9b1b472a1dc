"""Round names of the NCAA tournament from the API's titles, names and numbers. Pure."""

import datetime as dt
import html
from typing import Final

from pipelines.ncaa.league import League
from pipelines.ncaa.payload import GamePayload
from pipelines.seasons import season_of

_SHIFTED_SEASONS: Final = range(2010, 2015)
"""The tournaments of 2011 to 2015 called the First Four "First Round" and the round of 64 "Second Round"."""
_TRADE_MARKS: Final = str.maketrans("", "", "®™℠")
_SPELLINGS: Final = {
    "first 4": "first four",
    "1st round": "first round",
    "round of 64": "first round",
    "2nd round": "second round",
    "round of 32": "second round",
    "3rd round": "third round",
    "round of 16": "sweet 16",
    "sweet sixteen": "sweet 16",
    "regional semifinal": "sweet 16",
    "regional semifinals": "sweet 16",
    "elite 8": "elite eight",
    "regional final": "elite eight",
    "regional finals": "elite eight",
    "final 4": "final four",
    "national semifinal": "final four",
    "national semifinals": "final four",
    "national championship": "championship",
    "national championship game": "championship",
    "championship game": "championship",
    "national final": "championship",
}
_ORDINALS: Final = {"first round": 1, "1st round": 1, "second round": 2, "2nd round": 2}


def round_of(league: League, game_date: dt.date, raw: GamePayload, unreadable: dict[str, str]) -> str | None:
    """Returns the name of a game's round: its own title, or else the name or number in `bracketRound`.

    A number counts only in a season whose numbering is known, and not beside a `championshipId`: each championship
    numbers its rounds from 1. Another number is added to `unreadable`.
    """
    championship = (raw.get("championshipGame") or {}).get("round") or {}
    title, number = championship.get("title"), raw.get("bracketRound")
    if not title and isinstance(number, str) and not number.isdecimal():
        title = number
    if title:
        return _canonical(title, league, game_date)
    if number is None or number == "":
        return None
    position = int(number)
    if raw.get("championshipId") is None and league.numbers_rounds(game_date) and 1 <= position <= len(league.rounds):
        return league.rounds[position - 1]
    unreadable["bracketRound"] = str(number)
    return None


def _canonical(text: str, league: League, game_date: dt.date) -> str:
    name = " ".join(html.unescape(text).translate(_TRADE_MARKS).split())
    key = name.casefold()
    if season_of(game_date) in _SHIFTED_SEASONS:
        key = _unshifted(key, game_date)
    key = _SPELLINGS.get(key, key)
    return next((known for known in league.rounds if known.casefold() == key), name)


def _unshifted(key: str, game_date: dt.date) -> str:
    """Returns today's name of a round by its day: First Four by Wednesday, round of 64 on Thursday and Friday."""
    if key in {"third round", "3rd round"}:
        return "second round"
    if key not in _ORDINALS:
        return key
    is_weekend = game_date.isoweekday() >= 6
    if _ORDINALS[key] == 1:
        return "first four" if game_date.isoweekday() <= 3 else "first round"
    return "second round" if is_weekend else "first round"
