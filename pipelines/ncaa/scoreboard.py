"""Parses the bytes of a scoreboard in either API format. Pure."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from pydantic import ValidationError
from pydantic_core import from_json

from pipelines.errors import NotAScoreboardError, UpstreamFailedError, WrongDateError
from pipelines.ncaa.game import (
    CONTEST_URL,
    Game,
    GameParser,
    OtherDateError,
    UndecidedGame,
    UnreadableGameError,
)
from pipelines.ncaa.league import League
from pipelines.ncaa.raw import RawAnswer
from pipelines.ncaa.states import PROGRESS
from pipelines.seasons import EASTERN

Feed = Literal["current", "legacy"]

LEGACY_FEED_FROZE: Final = dt.date(2025, 8, 29)
"""Last date of the legacy feed: it was not updated afterwards (docs/ncaa-api.md#the-two-feeds)."""


FEWEST_GAMES_OF_A_FORMAT: Final = 5
"""Below this number of games, unreadable ones say nothing about the format: the Final Four has two."""


class ScoreboardResponse(NamedTuple):
    """An unparsed answer: the body of a 200, and the moment at which the permit to send the request was granted."""

    league: League
    game_date: dt.date
    body: bytes
    fetched_at: dt.datetime
    source_url: str
    is_simulated: bool = False
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def raw(self) -> RawAnswer:
        """The answer as the archive keeps it."""
        return RawAnswer(self.source_url, 200, self.headers, self.body, self.fetched_at, self.is_simulated)


@dataclass(frozen=True, slots=True)
class Reject:
    """A game that could not be read: the reason as a sentence, and its JSON as received."""

    key: str
    contest_id: int | None
    reason: str
    payload: str


class UnreadableField(NamedTuple):
    """A value that only decorates a game and could not be read."""

    contest_id: int
    name: str
    raw: str


@dataclass(frozen=True, slots=True)
class ParsedScoreboard:
    """The games of one answer, each contest once."""

    league: League
    game_date: dt.date
    feed: Feed
    fetched_at: dt.datetime
    source_url: str
    games: tuple[Game, ...]
    rejects: tuple[Reject, ...]
    duplicates: int = 0
    """Entries that listed a contest again."""
    is_simulated: bool = False
    """The answer came from the simulator."""
    undecided: tuple[int, ...] = ()
    """Contest ids of announced games with an undecided team."""
    undecided_without_id: int = 0
    """Announced games with an undecided team and no contest id."""
    unreadable_fields: tuple[UnreadableField, ...] = ()
    """Values that only decorate a game and could not be read. They are null."""
    answer_updated_at: dt.datetime | None = None
    """The API's `updated_at` of the answer, aware."""

    @property
    def games_undecided(self) -> int:
        """Announced games with an undecided team."""
        return len(self.undecided) + self.undecided_without_id

    @property
    def games_received(self) -> int:
        """Contests in the answer, including rejected and undecided ones."""
        return len(self.games) + len(self.rejects) + self.games_undecided


def parse_scoreboard(response: ScoreboardResponse) -> ParsedScoreboard:
    """Parses an answer. If a contest is listed twice, the entry with the furthest state is kept.

    Raises:
        NotAScoreboardError: not JSON, not a scoreboard, or more than a fifth of its games unreadable.
        WrongDateError: every game is of another date.
        UpstreamFailedError: a legacy answer for a date after that feed froze.
    """
    request = f"GET {response.source_url}"
    expected = f"expected the scoreboard of {response.game_date} as JSON with a list of `games`"
    try:
        payload = _read_json(response.body)
    except (ValueError, RecursionError):
        start = response.body[:60].decode("utf-8", "replace")
        raise NotAScoreboardError(
            f"{request} returned {len(response.body)} bytes that are not JSON ({start!r}); {expected}."
        ) from None
    if not isinstance(payload, dict) or not isinstance(payload.get("games"), list):
        raise NotAScoreboardError(f"{request} returned JSON that is no scoreboard ({str(payload)[:60]!r}); {expected}.")
    feed: Feed = "legacy" if "hideRank" in payload else "current"
    if feed == "legacy" and response.game_date > LEGACY_FEED_FROZE:
        raise UpstreamFailedError(
            f"{request} returned an answer of the legacy feed, which froze on {LEGACY_FEED_FROZE}. "
            "The API's own source failed, and this fallback is stale."
        )

    entries: list[Any] = payload["games"]
    games: dict[int, Game] = {}
    rejects: dict[str, Reject] = {}
    undecided: set[int] = set()
    undecided_without_id = 0
    unreadable: dict[int, dict[str, str]] = {}
    rejected_entries = 0
    other_dates: list[str] = []
    parser = GameParser(response.league, response.game_date, is_legacy=feed == "legacy")
    for entry in entries:
        raw = entry.get("game") if isinstance(entry, dict) else entry
        fields: dict[str, str] = {}
        try:
            game = parser.parse(raw, fields)
        except (ValidationError, UnreadableGameError) as error:
            rejected_entries += 1
            if isinstance(error, OtherDateError):
                other_dates.append(str(error))
            reject = _reject(entry if raw is None else raw, error, response.game_date)
            rejects[reject.key] = reject
        else:
            if isinstance(game, UndecidedGame):
                if game.contest_id is None:
                    undecided_without_id += 1
                else:
                    undecided.add(game.contest_id)
                continue
            known = games.get(game.contest_id)
            if known is None or PROGRESS[game.status] >= PROGRESS[known.status]:
                games[game.contest_id] = game
                unreadable[game.contest_id] = fields
    if entries and len(other_dates) == len(entries):
        raise WrongDateError(f"{request} returned {len(entries)} games of another date ({other_dates[0]}); {expected}.")
    if len(entries) >= FEWEST_GAMES_OF_A_FORMAT and rejected_entries * 5 > len(entries):
        raise NotAScoreboardError(
            f"{request} returned {len(entries)} games, of which {rejected_entries} cannot be read, more than a fifth. "
            f"Nothing was loaded, because the format may have changed. One of them: "
            f"{next(iter(rejects.values())).reason}"
        )
    undecided -= games.keys()
    for contest_id in (*games, *undecided):
        rejects.pop(str(contest_id), None)  # listed twice, once readable
    return ParsedScoreboard(
        league=response.league,
        game_date=response.game_date,
        feed=feed,
        fetched_at=response.fetched_at,
        source_url=response.source_url,
        games=tuple(games.values()),
        rejects=tuple(rejects.values()),
        duplicates=len(entries) - len(games) - len(rejects) - len(undecided) - undecided_without_id,
        is_simulated=response.is_simulated,
        answer_updated_at=_updated_at(payload.get("updated_at"), feed),
        undecided=tuple(sorted(undecided)),
        undecided_without_id=undecided_without_id,
        unreadable_fields=tuple(
            UnreadableField(contest_id, name, value)
            for contest_id, fields in unreadable.items()
            if fields
            for name, value in fields.items()
        ),
    )


def _read_json(body: bytes) -> Any:
    try:
        return from_json(body, cache_strings="keys")  # twice as fast, and refuses half a surrogate pair
    except ValueError:
        return json.loads(body)


def _updated_at(raw: Any, feed: Feed) -> dt.datetime | None:
    """Parses `updated_at` of an answer: US Eastern in the legacy feed, UTC in the current one. None if unreadable."""
    pattern, zone = ("%m-%d-%Y %H:%M:%S", EASTERN) if feed == "legacy" else ("%Y-%m-%d %H:%M:%S", dt.UTC)
    try:
        return dt.datetime.strptime(raw, pattern).replace(tzinfo=zone).astimezone(dt.UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _reject(raw: Any, error: ValidationError | UnreadableGameError, game_date: dt.date) -> Reject:
    # ASCII, since a NUL or half a surrogate pair can be stored only as its escape.
    payload = json.dumps(raw)
    url = raw.get("url") if isinstance(raw, dict) else None
    contest = CONTEST_URL.search(url.strip()) if isinstance(url, str) else None
    contest_id = int(contest[1]) if contest is not None else None
    digest = hashlib.sha256(f"{game_date} {payload}".encode()).hexdigest()  # the same bytes on two dates are two games
    key = f"sha256:{digest}" if contest_id is None else str(contest_id)
    return Reject(key=key, contest_id=contest_id, reason=_reason(error), payload=payload)


def _reason(error: ValidationError | UnreadableGameError) -> str:
    if isinstance(error, UnreadableGameError):
        return f"{error}."
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"] if isinstance(part, str) and part.isidentifier())
    got = repr(first["input"])
    return f"{where or 'The game'}: {first['msg'].lower()}, got {got if len(got) <= 80 else got[:80] + '…'}."
