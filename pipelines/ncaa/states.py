"""Status, period and overtimes of a game from the API's state and texts. Pure."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

Status = Literal["scheduled", "live", "final", "postponed", "canceled"]

PROGRESS: Final[Mapping[Status, int]] = {"scheduled": 0, "postponed": 1, "canceled": 1, "live": 2, "final": 3}
_STATES: Final[Mapping[str, Status]] = {
    "final": "final",
    "live": "live",
    "pre": "scheduled",
    "canceled": "canceled",
    "cancelled": "canceled",
    "postponed": "postponed",
}
_CALLED_OFF: Final = re.compile(
    r"""\b(?:
        (?P<canceled> cancel(?:l?ed|lation)? | canc | no[ ]contest)
      | (?P<postponed> postponed | postp | ppd)
      | (?P<forfeit> forfeit(?:ed)? | forf)
      | (?P<interrupted> suspended | susp | delayed | delay | interrupted)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_OVERTIME: Final = re.compile(
    r"""(?<![A-Z])
    (?: (?P<before> \d{1,2} ) (?:ST|ND|RD|TH)? [ -]? | (?P<word> DOUBLE | TRIPLE | QUADRUPLE ) [ -] )?
    (?: OVERTIMES? | OT ) (?![A-Z])
    (?: [ -]? (?P<after> \d{1,2} ) (?![\d:]) )?
    """,
    re.VERBOSE,
)
_WORDS: Final = {"DOUBLE": 2, "TRIPLE": 3, "QUADRUPLE": 4}


def status_of(state: str, period: str, message: str, scores: tuple[int | None, int | None]) -> Status | None:
    """Returns the status of a game from `gameState`, `currentPeriod`, `finalMessage` and the scores.

    None if nothing of it is known. The API's texts are more specific than its state: its current feed turns each state
    that it does not know into `pre` (docs/ncaa-api.md#states-and-called-off-games).
    """
    if_decided, if_undecided, if_without_points = _statuses(state.lower(), period, message)
    home, away = scores
    if home is not None and away is not None and home != away:
        return if_decided
    return if_undecided if home or away else if_without_points


@lru_cache(maxsize=1024)
def _statuses(state: str, period: str, message: str) -> tuple[Status | None, Status | None, Status | None]:
    """Returns the status with unequal scores, with equal scores or a missing one, and with no points."""
    known = _STATES.get(state)
    has_ended = known in {"final", "scheduled"} and "FINAL" in {period[:5].upper(), message[:5].upper()}
    called_off = _CALLED_OFF.search(f"{state.replace('_', ' ')} {period} {message}".replace("-", " "))
    match called_off.lastgroup if called_off is not None else None:
        case "forfeit":
            # A forfeit is a final 2-0, or has the score at which it ended. Without one, nothing was played.
            return "final", "canceled", "canceled"
        case "interrupted" if known != "live":
            # To be resumed. "FINAL (resumed; …)" has ended.
            return "final" if has_ended else "live", "live", "scheduled"
        case "canceled" if has_ended and "contest" not in message.lower() + period.lower():
            return "final", "canceled", "canceled"
        case "canceled":
            return "canceled", "canceled", "canceled"
        case "postponed":
            return "final" if has_ended else "postponed", "postponed", "postponed"
    if has_ended:
        return "final", known, known
    return known, known, known


@lru_cache(maxsize=1024)
def overtimes_in(text: str) -> int:
    """Returns the number of overtimes that a text names: 2 for `FINAL (2OT)`, `OT2` and `DOUBLE OVERTIME`."""
    overtime = _OVERTIME.search(text.upper())
    if overtime is None:
        return 0
    return _WORDS.get(overtime["word"]) or int(overtime["before"] or overtime["after"] or 1)


@lru_cache(maxsize=1024)
def period_of(text: str) -> str | None:
    """Returns the period of a live game: `1st`, `halftime`, `2nd`, `OT`, `2OT`; None if the text names none."""
    overtimes = overtimes_in(text)
    if overtimes:
        return "OT" if overtimes == 1 else f"{overtimes}OT"
    text = text.upper()
    if text.startswith("HALF"):
        return "halftime"
    return "1st" if "1ST" in text else "2nd" if "2ND" in text else None
