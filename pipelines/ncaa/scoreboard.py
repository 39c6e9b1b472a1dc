"""A scoreboard's bytes to games in one spelling: the API's two formats end here. Pure."""

import datetime as dt
import hashlib
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

from pydantic import ValidationError

from models.reference import canonical_conference, canonical_team, conferences
from pipelines.errors import NotAScoreboardError, UpstreamFailedError, WrongDateError
from pipelines.ncaa.payload import GAME_PAYLOAD, ROUNDS, GamePayload, TeamPayload
from pipelines.warehouse.seasons import EASTERN

Feed = Literal["current", "legacy"]
Status = Literal["scheduled", "live", "final", "postponed", "canceled"]

LEGACY_FEED_FROZE: Final = dt.date(2025, 8, 29)
"""Last date whose legacy answer can be believed: casablanca was not updated after it (ncaa-api.md, 1)."""


class ScoreboardResponse(NamedTuple):
    """An answer as it came: the body of a 200, when it was asked for (aware), and from where."""

    game_date: dt.date
    body: bytes
    fetched_at: dt.datetime
    source_url: str
    is_simulated: bool = False


@dataclass(frozen=True, slots=True)
class TeamLine:
    """One side of a game: the team as this scoreboard describes it, and its line. None where it says nothing."""

    slug: str
    team_name: str | None
    full_name: str | None
    abbreviation: str | None
    conference_id: str | None
    conference_name: str | None
    score: int | None
    rank: int | None
    seed: int | None


@dataclass(frozen=True, slots=True)
class Game:
    """A game with one spelling for each value, whichever feed it came from. `start_time` is aware, UTC."""

    contest_id: int
    status: Status
    start_time: dt.datetime | None
    home: TeamLine
    away: TeamLine
    period: str | None
    clock: str | None
    overtime_periods: int
    bracket_round: str | None
    network: str | None


@dataclass(frozen=True, slots=True)
class Reject:
    """A game that could not be read: why, in a sentence, and its JSON as received."""

    key: str
    contest_id: int | None
    reason: str
    payload: str


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """The games of one date as one answer gave them, each contest once."""

    game_date: dt.date
    feed: Feed
    fetched_at: dt.datetime
    source_url: str
    games: tuple[Game, ...]
    rejects: tuple[Reject, ...]
    duplicates: int = 0
    """Entries that listed a contest again."""
    is_simulated: bool = False
    """The answer said that it is the simulator's."""

    @property
    def games_received(self) -> int:
        """Contests in the answer, readable or not."""
        return len(self.games) + len(self.rejects)


class _UnreadableError(ValueError):
    """A game's field that passes as text and still makes no sense."""


class _OtherDateError(_UnreadableError):
    """A game of another date than the scoreboard's."""


def parse_scoreboard(response: ScoreboardResponse) -> Scoreboard:
    """Reads an answer into games and rejects; of a contest listed twice the furthest state counts.

    Raises:
        NotAScoreboardError: not JSON, not a scoreboard, or more than a fifth of its games unreadable.
        WrongDateError: every game is of another date.
        UpstreamFailedError: a legacy answer for a date after that feed froze.
    """
    asked = f"GET {response.source_url}"
    expected = f"expected the scoreboard of {response.game_date} as JSON with a list of `games`"
    try:
        payload = json.loads(response.body)
    except (ValueError, RecursionError):
        start = response.body[:60].decode("utf-8", "replace")
        raise NotAScoreboardError(
            f"{asked} gave {len(response.body)} bytes that are not JSON ({start!r}); {expected}."
        ) from None
    if not isinstance(payload, dict) or not isinstance(payload.get("games"), list):
        raise NotAScoreboardError(f"{asked} gave JSON that is no scoreboard ({str(payload)[:60]!r}); {expected}.")
    feed: Feed = "legacy" if "hideRank" in payload else "current"
    if feed == "legacy" and response.game_date > LEGACY_FEED_FROZE:
        raise UpstreamFailedError(
            f"{asked} gave an answer of the legacy feed, which froze on {LEGACY_FEED_FROZE}: "
            "the API's own source failed, and what it gave instead is stale."
        )

    entries: list[Any] = payload["games"]
    games: dict[int, Game] = {}
    rejects: dict[str, Reject] = {}
    unreadable = 0
    other_dates: list[str] = []
    day = _Day(response.game_date)
    for entry in entries:
        raw = entry.get("game") if isinstance(entry, dict) else entry
        try:
            game = day.game(GAME_PAYLOAD.validate_python(raw))
        except (ValidationError, _UnreadableError) as error:
            unreadable += 1
            if isinstance(error, _OtherDateError):
                other_dates.append(str(error))
            reject = _reject(entry if raw is None else raw, error, response.game_date)
            rejects[reject.key] = reject
        else:
            known = games.get(game.contest_id)
            if known is None or _PROGRESS[game.status] >= _PROGRESS[known.status]:
                games[game.contest_id] = game
    if entries and len(other_dates) == len(entries):
        raise WrongDateError(f"{asked} gave {len(entries)} games of another date ({other_dates[0]}); {expected}.")
    if unreadable * 5 > len(entries):
        raise NotAScoreboardError(
            f"{asked} gave {len(entries)} games of which {unreadable} cannot be read, more than a fifth: the format "
            f"may have changed, and nothing was loaded. One of them: {next(iter(rejects.values())).reason}"
        )
    for contest_id in games:
        rejects.pop(str(contest_id), None)  # listed twice, once readable
    return Scoreboard(
        game_date=response.game_date,
        feed=feed,
        fetched_at=response.fetched_at,
        source_url=response.source_url,
        games=tuple(games.values()),
        rejects=tuple(rejects.values()),
        duplicates=len(entries) - len(games) - len(rejects),
        is_simulated=response.is_simulated,
    )


_PROGRESS: Final[Mapping[Status, int]] = {"scheduled": 0, "postponed": 1, "canceled": 1, "live": 2, "final": 3}
_STATUS: Final[Mapping[str, Status]] = {
    "final": "final",
    "live": "live",
    "pre": "scheduled",
    "canceled": "canceled",
    "cancelled": "canceled",
    "postponed": "postponed",
}
_INTERRUPTED: Final = frozenset({"delayed", "suspended"})
_CALLED_OFF: Final = re.compile(r"\b(?:(?P<canceled>cancell?ed|canc)|(?P<postponed>postponed|ppd))\b", re.IGNORECASE)
_CONTEST: Final = re.compile(r"/game/([0-9]{1,9})/?$")
_TIP_OFF: Final = re.compile(r"(1[0-2]|0?[1-9]):([0-5]\d) ?([AP])M\b", re.IGNORECASE)
_TO_BE_ANNOUNCED: Final = frozenset({"", "TBA", "TBD"})
_CLOCK: Final = re.compile(r"0?(\d{0,2}):(\d\d)(?:\.\d)?")
_OVERTIME: Final = re.compile(r"\b(\d?)(?:ST|ND|RD|TH)? ?OT\b")
_NOT_IN_A_SLUG: Final = re.compile(r"[^a-z0-9]+")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_ROUND_NAMES: Final[Mapping[str, str]] = {name.lower(): name for name in ROUNDS}


class _Day:
    """Reads games of one date; knows when that date begins and ends."""

    def __init__(self, game_date: dt.date) -> None:
        self.spellings = (f"{game_date:%m/%d/%Y}", f"{game_date:%m-%d-%Y}")
        midnight = dt.datetime.combine(game_date, dt.time(), EASTERN)
        next_midnight = dt.datetime.combine(game_date + dt.timedelta(days=1), dt.time(), EASTERN)
        self.game_date = game_date
        self.first_second, self.last_second = midnight.timestamp(), next_midnight.timestamp() - 1

    def game(self, raw: GamePayload) -> Game:
        """Raises `_UnreadableError` with the reason."""
        # A game without a date belongs to the scoreboard that lists it.
        if raw.startDate and raw.startDate not in self.spellings:
            raise _OtherDateError(f"startDate is {raw.startDate!r}, but it is on the scoreboard of {self.game_date}")
        contest = _CONTEST.search(raw.url)
        if contest is None:
            raise _UnreadableError(f"url is {raw.url!r}, expected /game/ and a contest id")
        home, away = _team_line(raw.home, "home"), _team_line(raw.away, "away")
        if home.slug == away.slug:
            raise _UnreadableError(f"home and away are both {home.slug!r}")
        status = _status(raw)
        if status == "final" and (home.score is None or away.score is None):
            raise _UnreadableError("gameState is 'final' and a score is missing")
        if status == "scheduled" and (home.score is not None or away.score is not None):
            home, away = _without_score(home), _without_score(away)
        clock = _clock(raw.contestClock) if status == "live" else None
        period, overtimes = _period(raw.currentPeriod or raw.finalMessage or "", status, clock)
        return Game(
            contest_id=int(contest[1]),
            status=status,
            start_time=self._start_time(raw),
            home=home,
            away=away,
            period=period,
            clock=clock,
            overtime_periods=overtimes,
            bracket_round=_bracket_round(raw.bracketRound),
            network=raw.network or None,
        )

    def _start_time(self, raw: GamePayload) -> dt.datetime | None:
        said = (raw.startTime or "").upper()
        if said in _TO_BE_ANNOUNCED:
            return None
        epoch: int | None = raw.startTimeEpoch
        if epoch is not None and self.first_second <= epoch <= self.last_second:
            return dt.datetime.fromtimestamp(epoch, dt.UTC)
        tip_off = _TIP_OFF.match(said)
        if tip_off is None:
            raise _UnreadableError(f"startTime is {raw.startTime!r}, expected a time such as '7:00 PM ET', or 'TBA'")
        hour = int(tip_off[1]) % 12 + (12 if tip_off[3] == "P" else 0)
        return dt.datetime.combine(self.game_date, dt.time(hour, int(tip_off[2])), EASTERN).astimezone(dt.UTC)


def _team_line(raw: TeamPayload, side: str) -> TeamLine:
    names = raw.names
    # Opponents from outside Division I may have a name and no slug.
    slug = (names.seo or _NOT_IN_A_SLUG.sub("-", (names.short or "").lower()).strip("-")).lower()
    if _SLUG.fullmatch(slug) is None:
        raise _UnreadableError(
            f"{side}.names: no slug in seo {names.seo!r}, and none can be made from short {names.short!r}"
        )
    # The legacy feed lists the poll as a second conference.
    conference = next((c for c in raw.conferences or () if c.conferenceSeo and c.conferenceSeo != "top-25"), None)
    conference_id = conference_name = None
    if conference is not None and conference.conferenceSeo is not None:
        conference_id = canonical_conference(conference.conferenceSeo)
        known = conferences().get(conference_id)
        conference_name = known.name if known is not None else conference.conferenceName or None
    return TeamLine(
        slug=canonical_team(slug),
        team_name=names.short or None,
        full_name=names.full or None,
        abbreviation=names.char6 or None,
        conference_id=conference_id,
        conference_name=conference_name,
        score=raw.score,
        rank=raw.rank,
        seed=raw.seed,
    )


def _without_score(line: TeamLine) -> TeamLine:
    return replace(line, score=None)


def _status(raw: GamePayload) -> Status:
    called_off = _CALLED_OFF.search(raw.finalMessage or "")
    if called_off is not None:
        return "canceled" if called_off["canceled"] else "postponed"
    state = raw.gameState.lower()
    if state in _INTERRUPTED:
        return "scheduled" if raw.home.score is None else "live"
    try:
        return _STATUS[state]
    except KeyError:
        raise _UnreadableError(f"gameState is {raw.gameState!r}, expected one of {', '.join(_STATUS)}") from None


def _clock(said: str | None) -> str | None:
    """`07:20`, `4:28` and `:00` as `7:20`, `4:28` and `0:00`."""
    clock = _CLOCK.fullmatch(said or "")
    return f"{int(clock[1] or 0)}:{clock[2]}" if clock is not None else None


def _period(said: str, status: Status, clock: str | None) -> tuple[str | None, int]:
    """The period's one spelling, and the number of overtimes begun."""
    said = said.upper()
    overtime = _OVERTIME.search(said)
    overtimes = int(overtime[1] or 1) if overtime is not None else 0
    if status == "final":
        return "final", overtimes
    if status != "live":
        return None, 0
    if overtimes:
        return "OT" if overtimes == 1 else f"{overtimes}OT", overtimes
    if "1ST" in said:
        return "1st", 0
    if "2ND" in said:
        return "2nd", 0
    # At half-time the legacy feed sends no period and the clock ":00".
    if said.startswith("HALF") or (said == "" and clock == "0:00"):
        return "halftime", 0
    return None, 0


def _bracket_round(said: int | str | None) -> str | None:
    """The current feed numbers the rounds; the legacy feed names them, trade marks and all (`Sweet 16&#174;`)."""
    if not said:
        return None
    if isinstance(said, int):
        return ROUNDS[said - 1]
    name = html.unescape(said).replace("®", "").strip()
    return _ROUND_NAMES.get(name.lower(), name)


def _reject(raw: Any, error: ValidationError | _UnreadableError, game_date: dt.date) -> Reject:
    # ASCII, since a NUL or half a surrogate pair can be stored only as its escape.
    payload = json.dumps(raw)
    url = raw.get("url") if isinstance(raw, dict) else None
    contest = _CONTEST.search(url.strip()) if isinstance(url, str) else None
    contest_id = int(contest[1]) if contest is not None else None
    digest = hashlib.sha256(f"{game_date} {payload}".encode()).hexdigest()  # the same bytes on two dates are two games
    key = f"sha256:{digest}" if contest_id is None else str(contest_id)
    return Reject(key=key, contest_id=contest_id, reason=_reason(error), payload=payload)


def _reason(error: ValidationError | _UnreadableError) -> str:
    if isinstance(error, _UnreadableError):
        return f"{error}."
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"] if isinstance(part, str) and part.isidentifier())
    got = repr(first["input"])
    return f"{where or 'The game'}: {first['msg'].lower()}, got {got if len(got) <= 80 else got[:80] + '…'}."
