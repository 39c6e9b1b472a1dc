"""Normalizes one game from either API format. Pure."""

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from models.reference import canonical_conference, conference_name
from pipelines.ncaa.league import League
from pipelines.ncaa.payload import NamesPayload, TeamPayload, read_game
from pipelines.ncaa.rounds import round_of
from pipelines.ncaa.slugs import division_i_conference, is_placeholder, slug_from_name, team_slug
from pipelines.ncaa.states import Status, overtimes_in, period_of, status_of
from pipelines.seasons import EASTERN, season_of


# Not frozen: creating a frozen instance takes five times as long, and a date has up to five hundred.
@dataclass(slots=True)
class TeamLine:
    """One side of a game: its team, score, rank and seed. None where the scoreboard has no value."""

    slug: str
    team_name: str | None
    full_name: str | None
    abbreviation: str | None
    conference_id: str | None
    conference_name: str | None
    score: int | None
    rank: int | None
    seed: int | None


@dataclass(slots=True)
class Game:
    """A game with normalized values, the same from either feed. `start_time` is aware, UTC."""

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


class UndecidedGame(NamedTuple):
    """An announced game with an undecided side. `contest_id` is None where the API sends none."""

    contest_id: int | None


class UnreadableGameError(ValueError):
    """A value of a game that passes the schema and makes no sense."""


class OtherDateError(UnreadableGameError):
    """A game of another date than the scoreboard's."""


CONTEST_URL: Final = re.compile(r"/game/([0-9]{1,9})/?$")
_TIP_OFF: Final = re.compile(r"(1[0-2]|0?[1-9]):([0-5]\d) ?([AP])M(?: E[SD]?T)?", re.IGNORECASE)
_TO_BE_ANNOUNCED: Final = frozenset({"TBA", "TBD"})
_NO_PERIOD: Final = re.compile("final|susp|delay|interrupted|pre", re.IGNORECASE)
_CLOCK: Final = re.compile(r"0?(\d{0,2}):(\d\d)(?:\.\d)?")


class GameParser:
    """Parses the games of one date of a league."""

    def __init__(self, league: League, game_date: dt.date, *, is_legacy: bool) -> None:
        self.is_legacy = is_legacy
        self.league = league
        self.spellings = (f"{game_date:%m/%d/%Y}", f"{game_date:%m-%d-%Y}")
        midnight = dt.datetime.combine(game_date, dt.time(), EASTERN)
        next_midnight = dt.datetime.combine(game_date + dt.timedelta(days=1), dt.time(), EASTERN)
        self.game_date = game_date
        self.season = season_of(game_date)
        self.first_second, self.last_second = midnight.timestamp(), next_midnight.timestamp() - 1

    def parse(self, entry: Any, unreadable: dict[str, str]) -> Game | UndecidedGame:
        """Normalizes one raw game. Decorating fields that cannot be read become null and are added to `unreadable`.

        Raises:
            ValidationError, UnreadableGameError: a field that identifies the game cannot be read.
        """
        raw = read_game(entry, unreadable)
        date, url = raw.get("startDate"), raw["url"]
        # A game without a date belongs to the scoreboard that lists it.
        if date and date not in self.spellings:
            raise OtherDateError(f"startDate is {date!r}, but it is on the scoreboard of {self.game_date}")
        contest = CONTEST_URL.search(url)
        home, away = (_team_line(raw[side], side, self.season) for side in ("home", "away"))
        if home is None or away is None:
            if raw["gameState"].lower() == "final":
                raise UnreadableGameError("gameState is 'final' and a team is undecided")
            return UndecidedGame(int(contest[1]) if contest is not None else None)
        if contest is None:
            raise UnreadableGameError(f"url is {url!r}, expected /game/ and a contest id")
        if home.slug == away.slug:
            raise UnreadableGameError(f"home and away are both {home.slug!r}")
        state, period_text, message = raw["gameState"], raw.get("currentPeriod") or "", raw.get("finalMessage") or ""
        status = status_of(state, period_text, message, (home.score, away.score))
        period = clock = None
        overtimes = 0
        if status == "final":
            if home.score is None or away.score is None:
                raise UnreadableGameError("gameState is 'final' and a score is missing")
            period, overtimes = "final", overtimes_in(period_text) or overtimes_in(message)
        elif status == "live":
            period, clock = self._period_and_clock(period_text or message, raw.get("contestClock") or "", unreadable)
            overtimes = overtimes_in(period_text or message)
        elif status is None:
            raise UnreadableGameError(f"gameState is {state!r}, which is no known state")
        else:
            home.score = away.score = None  # the current feed sends 0 for games that were not played
        return Game(
            contest_id=int(contest[1]),
            status=status,
            start_time=self._start_time(raw.get("startTime") or "", raw.get("startTimeEpoch"), unreadable),
            home=home,
            away=away,
            period=period,
            clock=clock,
            overtime_periods=overtimes,
            bracket_round=round_of(self.league, self.game_date, raw, unreadable),
            network=raw.get("network") or None,
        )

    def _start_time(self, text: str, epoch: int | None, unreadable: dict[str, str]) -> dt.datetime | None:
        if text.upper() in _TO_BE_ANNOUNCED:
            return None
        tip_off = _tip_off(text)
        if tip_off is None and text:
            unreadable["startTime"] = text
        if epoch is not None and self.first_second <= epoch <= self.last_second:
            # Without a text, midnight stands for a time that is not announced.
            return dt.datetime.fromtimestamp(epoch, dt.UTC) if text or epoch != self.first_second else None
        if tip_off is None:
            return None
        return dt.datetime.combine(self.game_date, tip_off, EASTERN).astimezone(dt.UTC)

    def _period_and_clock(self, text: str, raw_clock: str, unreadable: dict[str, str]) -> tuple[str | None, str | None]:
        clock, period = _clock(raw_clock, unreadable), period_of(text)
        if period is None and text == "" and clock == "0:00":
            # At half-time the legacy feed sends no period and the clock ":00". The current feed sends "0:00" for none.
            return ("halftime", clock) if self.is_legacy else (None, None)
        # The state of a game that has just ended or is interrupted may lag behind its text.
        if period is None and text and not _NO_PERIOD.match(text):
            unreadable["currentPeriod"] = text
        return period, clock


def _team_line(raw: TeamPayload, side: str, season: int) -> TeamLine | None:
    """Returns one side of a game; None if the team is undecided."""
    names: NamesPayload = raw["names"] or {}
    seo, short = names.get("seo") or "", names.get("short") or ""
    if not seo and not short:
        return None
    try:
        # Opponents from outside Division I may have a name and no slug.
        slug = team_slug(seo or slug_from_name(short))
    except ValueError:
        raise UnreadableGameError(f"{side}.names: seo is {seo!r} and short is {short!r}, expected a slug") from None
    if is_placeholder(slug):
        return None
    conference_id = name = None
    for conference in raw.get("conferences") or ():
        conference_slug = conference.get("conferenceSeo")
        if conference_slug and conference_slug != "top-25":  # the legacy feed lists the poll as a conference
            conference_id, name = _conference(conference_slug, season)
            name = name or conference.get("conferenceName") or None
            break
    if not seo and conference_id is not None and division_i_conference(slug, season) not in {None, conference_id}:
        slug = f"{slug}-{conference_id}"  # another school with the name of a Division I team
    return TeamLine(
        slug=slug,
        team_name=short or None,
        full_name=names.get("full") or None,
        abbreviation=names.get("char6") or None,
        conference_id=conference_id,
        conference_name=name,
        score=raw.get("score"),
        rank=raw.get("rank"),
        seed=raw.get("seed"),
    )


@lru_cache(maxsize=256)
def _conference(slug: str, season: int) -> tuple[str, str | None]:
    """Returns a conference's id, and its name if `models/reference` knows it."""
    conference_id = canonical_conference(slug)
    return conference_id, conference_name(conference_id, season)


@lru_cache(maxsize=256)
def _tip_off(text: str) -> dt.time | None:
    """Parses `7:00 PM ET` and `07:00PM ET`."""
    match = _TIP_OFF.fullmatch(text)
    if match is None:
        return None
    return dt.time(int(match[1]) % 12 + (12 if match[3] in "pP" else 0), int(match[2]))


def _clock(text: str, unreadable: dict[str, str]) -> str | None:
    """Returns `07:20`, `4:28` and `:00` as `7:20`, `4:28` and `0:00`."""
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        return f"{int(clock[1] or 0)}:{clock[2]}"
    if text:
        unreadable["contestClock"] = text
    return None
