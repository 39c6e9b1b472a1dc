"""The faults of the real API by name, and the rules for when a server injects them."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

BUCKET_SECONDS = 5
"""How often the faults of an answer are drawn again, so that a retry can succeed."""


class Target(StrEnum):
    """What a fault affects."""

    ANSWER = "answer"
    DATE = "date"
    GAME = "game"


class Endpoint(StrEnum):
    """An endpoint of the API; `schedule` is the season's calendar, `game` the details of a game,
    `standings` each team's record."""

    SCOREBOARD = "scoreboard"
    SCHEDULE = "schedule"
    GAME = "game"
    STANDINGS = "standings"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and the share of answers or games it affects: under `--messy`, and when it is chosen by name."""

    description: str
    target: Target
    messy_share: float
    share: float = 1.0
    endpoints: frozenset[Endpoint] = frozenset({Endpoint.SCOREBOARD})
    is_lasting: bool = False
    """Whether every answer for a path has the fault or none."""


FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "late_correction": Fault("the score of a final game changes a day later", Target.GAME, 0.01, 0.2),
        "empty_slug": Fault("one team of a game has an empty slug", Target.GAME, 0.006, 0.1),
        "d3_opponent": Fault(
            "a non-conference opponent from outside Division I, some without slug, code or conference",
            Target.GAME,
            0.15,
            0.5,
        ),
        "time_tba": Fault("a scheduled game has start time TBA and no epoch", Target.GAME, 0.02, 0.3),
        "postponed": Fault("a game is not played and stays `pre` forever", Target.GAME, 0.006, 0.1),
        "reissued": Fault(
            "a game gets a new contest id three hours before tip-off; half of them stay listed under the old id",
            Target.GAME,
            0.004,
            0.1,
        ),
        "disappeared": Fault("a game disappears from the scoreboard six hours before tip-off", Target.GAME, 0.004, 0.1),
        "moved": Fault("a game moves to another date a day before tip-off", Target.GAME, 0.004, 0.1),
        "undecided_team": Fault(
            "one or both teams of a game are `tba` (legacy: without names) until 12 hours before tip-off or, in a"
            " tournament, until they are known; the contest id stays",
            Target.GAME,
            0.02,
            0.3,
        ),
        "duplicate_id": Fault(
            "a game is listed under a second, newer contest id that stays `pre`", Target.GAME, 0.004, 0.1
        ),
        "lower_id": Fault(
            "a game has a newer contest id from 24 to 3 hours before tip-off, then its lower one again",
            Target.GAME,
            0.004,
            0.1,
        ),
        "final_reverts": Fault(
            "a final game is scheduled, live or postponed from one to four hours after its end", Target.GAME, 0.006, 0.1
        ),
        "implausible_final": Fault(
            "a final game is 0-0, a draw or without scores for two hours", Target.GAME, 0.004, 0.1
        ),
        "called_off": Fault(
            "a forfeit (2-0 or 0-0), NO CONTEST, SUSPENDED, POSTPONED or CANCELED in `currentPeriod` alone, or"
            " `FINAL (resumed; ...)`",
            Target.GAME,
            0.004,
            0.1,
        ),
        "ornaments": Fault(
            "a field that only decorates a game is unreadable: rank, seed, round, network, start time or epoch",
            Target.GAME,
            0.02,
            0.3,
        ),
        "missing_date": Fault(
            "200 with `games: []` on a day with games while the calendar lacks the date; drawn every hour",
            Target.DATE,
            0.005,
        ),
        "stale": Fault(
            "the scoreboard of six hours earlier, at most that of 22:00, with its `updated_at`", Target.ANSWER, 0.005
        ),
        "calendar_404": Fault(
            "404 for the season's calendar", Target.ANSWER, 0.02, endpoints=frozenset({Endpoint.SCHEDULE})
        ),
        "no_location": Fault(
            "`location` of a game's details is null, in every answer",
            Target.ANSWER,
            0.01,
            1.0,
            frozenset({Endpoint.GAME}),
            is_lasting=True,
        ),
        "no_contests": Fault(
            "200 with `contests: []` for the details of a game", Target.ANSWER, 0.003, 1.0, frozenset({Endpoint.GAME})
        ),
        "details_502": Fault(
            "502 with plain text for the details of a game", Target.ANSWER, 0.005, 1.0, frozenset({Endpoint.GAME})
        ),
        "stale_standings": Fault(
            "the standings of three days earlier, with their `updated`",
            Target.ANSWER,
            0.02,
            endpoints=frozenset({Endpoint.STANDINGS}),
        ),
        "unknown_school": Fault(
            "a school has a name in the standings that nobody knows",
            Target.ANSWER,
            0.0,
            endpoints=frozenset({Endpoint.STANDINGS}),
        ),
        "challenge_403": Fault("403 with Cloudflare's challenge page", Target.ANSWER, 0.005),
        "challenge_200": Fault("200 with Cloudflare's challenge page", Target.ANSWER, 0.003),
        "http_408": Fault("408 without a body", Target.ANSWER, 0.003),
        "http_425": Fault("425 without a body", Target.ANSWER, 0.003),
        "redirect_308": Fault("308 to another path of the same host", Target.ANSWER, 0.01),
        "empty_day": Fault("200 with `games: []` on a day with games", Target.ANSWER, 0.01),
        "legacy": Fault(
            "the legacy format; its feed froze on 2025-08-29, so later games are `pre`", Target.ANSWER, 0.005
        ),
        "legacy_frozen": Fault("the legacy format with most games stale at `pre`", Target.ANSWER, 0.005),
        "http_429": Fault("429 without Retry-After", Target.ANSWER, 0.01),
        "http_429_retry_after": Fault("429 with Retry-After (option `retry_after`, 2 s)", Target.ANSWER, 0.01),
        "http_500": Fault("500 with plain text labelled JSON", Target.ANSWER, 0.01),
        "http_502": Fault("502 with HTML", Target.ANSWER, 0.005),
        "http_522": Fault("522 with Cloudflare's HTML", Target.ANSWER, 0.005),
        "http_404": Fault("404 `Resource not found`", Target.ANSWER, 0.005),
        "http_401": Fault("401, as for a missing key", Target.ANSWER, 0.0),
        "hang": Fault("no answer for a minute (option `seconds`)", Target.ANSWER, 0.003),
        "drip": Fault("an answer that arrives byte by byte, so that no read times out", Target.ANSWER, 0.0),
        "html": Fault("200 with an HTML page", Target.ANSWER, 0.005),
        "truncated": Fault("200 with truncated JSON", Target.ANSWER, 0.005),
        "wrong_date": Fault("200 with the scoreboard of another date", Target.ANSWER, 0.005),
        "oversized": Fault("200 with 24 MiB of blanks before the JSON", Target.ANSWER, 0.0),
    }
)


@dataclass(slots=True)
class Rule:
    """When a fault is injected. The fields up to `retry_after` are the options of a fault."""

    share: float
    endpoints: frozenset[Endpoint]
    dates: frozenset[date] | None = None
    """Only these dates; None: all. The calendar has no date, so only rules without dates affect it."""
    times: int | None = None
    """Only the first answers for each path; None: all."""
    seconds: float = 60.0
    retry_after: str = "2"
    done: Counter[str] = field(default_factory=Counter)

    def covers(self, day: date | None) -> bool:
        return self.dates is None or day in self.dates


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault of one answer."""

    name: str
    rule: Rule


class Faults:
    """The faults of one server, which can be replaced while it runs. Equal seeds give equal faults."""

    def __init__(self, seed: int, given: Mapping[str, Mapping[str, Any]] | None = None, *, messy: bool = False) -> None:
        self._seed = seed
        self.rules: dict[str, Rule] = {}
        self.messy = False
        self._game_rules: dict[str, Rule] = {}
        self._faults_by_game: dict[int, str | None] = {}
        self.set(given or {}, messy=messy)

    def set(self, given: Mapping[str, Mapping[str, Any]], *, messy: bool = False) -> None:
        """Replaces all faults: those of `messy`, overridden by the faults given by name with options.

        Raises:
            ValueError: a name or an option is unknown.
        """
        rules = {
            name: Rule(fault.messy_share, fault.endpoints)
            for name, fault in FAULTS.items()
            if messy and fault.messy_share
        }
        rules.update({name: _rule(name, options) for name, options in given.items()})
        self.rules = rules
        self.messy = messy
        self._game_rules = {name: rule for name, rule in rules.items() if FAULTS[name].target is Target.GAME}
        self._faults_by_game = {}

    def on_answer(self, endpoint: Endpoint, path: str, day: date | None, now: datetime) -> ActiveFault | None:
        """Returns the fault of an answer, if any."""
        bucket = int(now.timestamp()) // BUCKET_SECONDS
        for name, rule in self.rules.items():
            if (
                FAULTS[name].target is not Target.ANSWER
                or endpoint not in rule.endpoints
                or not rule.covers(day)
                or not self._draw(name, path if FAULTS[name].is_lasting else f"{path} {bucket}") < rule.share
            ):
                continue
            if rule.times is not None:
                if rule.done[path] >= rule.times:
                    continue
                rule.done[path] += 1
            return ActiveFault(name, rule)
        return None

    def on_game(self, contest_id: int, day: date) -> str | None:
        """Returns the fault of a game, if any. A game has one fault at most, and keeps it."""
        if contest_id not in self._faults_by_game:  # a calendar needs those of a whole season
            self._faults_by_game[contest_id] = self._draw_game_fault(contest_id, day)
        return self._faults_by_game[contest_id]

    def _draw_game_fault(self, contest_id: int, day: date) -> str | None:
        drawn = self._draw("game", str(contest_id))
        for name, rule in self._game_rules.items():
            if rule.covers(day):
                if drawn < rule.share:
                    return name
                drawn -= rule.share
        return None

    def on_date(self, day: date, now: datetime) -> bool:
        """Returns whether a date is missing from scoreboard and calendar."""
        rule = self.rules.get("missing_date")
        if rule is None or not rule.covers(day):
            return False
        return self._draw("missing_date", f"{day} {int(now.timestamp()) // 3600}") < rule.share

    @property
    def affects_games(self) -> bool:
        """Whether any fault affects games."""
        return bool(self._game_rules)

    def _draw(self, name: str, what: str) -> float:
        digest = hashlib.blake2b(f"{self._seed} {name} {what}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def describe(self) -> dict[str, dict[str, Any]]:
        """Returns the rules as plain values."""
        return {
            name: {
                "share": rule.share,
                "dates": None if rule.dates is None else sorted(map(str, rule.dates)),
                "endpoints": sorted(rule.endpoints),
                "times": rule.times,
                "seconds": rule.seconds,
                "retry_after": rule.retry_after,
            }
            for name, rule in self.rules.items()
        }


def parse_faults(given: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Returns faults with their options from texts like `html` and `html@2026-11-12`, which is repeatable.

    Raises:
        ValueError: a name or a date is wrong.
    """
    faults: dict[str, dict[str, Any]] = {}
    for text in given:
        name, at, day = text.partition("@")
        options = faults.setdefault(name, {})
        if at:
            options.setdefault("dates", []).append(day)
    for name, options in faults.items():
        _rule(name, options)
    return faults


def _rule(name: str, options: Mapping[str, Any]) -> Rule:
    if name not in FAULTS:
        raise ValueError(f"no such fault: {name!r}, expected one of {', '.join(FAULTS)}")
    unknown = options.keys() - {"share", "dates", "endpoints", "times", "seconds", "retry_after"}
    if unknown:
        raise ValueError(f"fault {name!r} has no option {', '.join(sorted(unknown))}")
    rule = Rule(float(options.get("share", FAULTS[name].share)), FAULTS[name].endpoints)
    if (dates := options.get("dates")) is not None:
        rule.dates = frozenset(day if isinstance(day, date) else date.fromisoformat(day) for day in dates)
    if (endpoints := options.get("endpoints")) is not None:
        rule.endpoints = frozenset(Endpoint(endpoint) for endpoint in endpoints)
    if (times := options.get("times")) is not None:
        rule.times = int(times)
    rule.seconds = float(options.get("seconds", rule.seconds))
    rule.retry_after = str(options.get("retry_after", rule.retry_after))
    return rule
