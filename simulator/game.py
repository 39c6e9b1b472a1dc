"""One game: its fixed result, and its state at any moment between tip-off and final."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from math import ceil
from random import Random

from models.reference import Team

HALF_SECONDS = 20 * 60
OVERTIME_SECONDS = 5 * 60
_BASKETS = (2, 2, 2, 2, 2, 2, 3, 3, 3, 1, 1)
_TIMEOUT_EVERY = 4 * 60


class Kind(StrEnum):
    """The part of the season a game belongs to."""

    NON_CONFERENCE = "non-conference"
    CONFERENCE = "conference"
    CONFERENCE_TOURNAMENT = "conference tournament"
    BRACKET = "bracket"


@dataclass(frozen=True, slots=True)
class Game:
    """A game and its result, which is fixed in advance."""

    contest_id: int
    tip_off: datetime
    """US Eastern; its date is the game date."""
    home: Team
    away: Team
    kind: Kind
    line: tuple[tuple[int, int], ...]
    """Points of home and away in each half and overtime."""
    announced: datetime | None = None
    """When both teams become known; None: before the season."""
    home_rank: int | None = None
    away_rank: int | None = None
    home_seed: int | None = None
    away_seed: int | None = None
    bracket_id: int | None = None
    bracket_round: int | None = None
    round_name: str = ""
    region: str = ""
    network: str = ""
    is_neutral: bool = False

    @property
    def day(self) -> date:
        return self.tip_off.date()

    @property
    def home_score(self) -> int:
        return sum(home for home, _ in self.line)

    @property
    def away_score(self) -> int:
        return sum(away for _, away in self.line)

    @property
    def overtimes(self) -> int:
        return len(self.line) - 2


class State(StrEnum):
    """Values of the API's `gameState`."""

    PRE = "pre"
    LIVE = "live"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of a game at one instant. Scores are None before tip-off."""

    state: State
    period: int = 0
    """1 and 2 are the halves, 3 the first overtime; 0 before tip-off."""
    halftime: bool = False
    clock: int | None = None
    """Seconds left in the period; None unless the period is being played."""
    home: int | None = None
    away: int | None = None


PREGAME = Moment(State.PRE)

UNDECIDED = Team("tba", "TBA", "", "TBA", "")
"""The placeholder of the current format for a team that is not known yet."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A game on a scoreboard."""

    game: Game
    moment: Moment
    overrides: Mapping[str, str | int] = field(default_factory=dict)
    """Fields of the answer that a fault replaces, by path: `{"home.rank": "NR"}`."""


@dataclass(frozen=True, slots=True)
class _Flow:
    """Maps wall time to game time, and game time to points."""

    walls: tuple[float, ...]
    """Seconds after the scheduled tip-off at which each stretch of play or stoppage begins; the last is the end."""
    stretches: tuple[tuple[int, float, float], ...]
    """For each: the period, seconds played in it so far, and seconds of play per second of wall time."""
    home: tuple[tuple[tuple[float, ...], tuple[int, ...]], ...]
    away: tuple[tuple[tuple[float, ...], tuple[int, ...]], ...]


def moment(game: Game, now: datetime) -> Moment:
    """Returns the state of the game at `now`. Later moments never have fewer points or more time left.

    A game begins a few minutes after its scheduled tip-off and lasts about two hours and ten minutes.
    """
    wall = now.timestamp() - game.tip_off.timestamp()  # aware times of one zone subtract as naive ones
    if wall < 0:
        return PREGAME
    if wall > 6 * 3600:
        return final(game)
    flow = _flow(game.contest_id, game.line)
    if wall < flow.walls[0]:
        return PREGAME
    if wall >= flow.walls[-1]:
        return final(game)
    at = bisect_right(flow.walls, wall) - 1
    period, played, pace = flow.stretches[at]
    played += (wall - flow.walls[at]) * pace
    before = game.line[: period - 1]
    length = period_seconds(period)
    halftime = period == 1 and played >= length
    return Moment(
        state=State.LIVE,
        period=period,
        halftime=halftime,
        clock=None if halftime else max(0, round(length - played)),
        home=sum(home for home, _ in before) + _points(flow.home[period - 1], played),
        away=sum(away for _, away in before) + _points(flow.away[period - 1], played),
    )


def final(game: Game) -> Moment:
    """Returns the final state of the game."""
    return Moment(State.FINAL, period=len(game.line), home=game.home_score, away=game.away_score)


def ends_at(game: Game) -> datetime:
    """Returns when the game becomes final."""
    return game.tip_off + timedelta(seconds=_flow(game.contest_id, game.line).walls[-1])


def period_seconds(period: int) -> int:
    """Returns the length of a half or an overtime in seconds."""
    return HALF_SECONDS if period <= 2 else OVERTIME_SECONDS


def _points(baskets: tuple[tuple[float, ...], tuple[int, ...]], played: float) -> int:
    times, totals = baskets
    made = bisect_right(times, played)
    return totals[made - 1] if made else 0


@lru_cache(maxsize=1024)
def _flow(contest_id: int, line: tuple[tuple[int, int], ...]) -> _Flow:
    rng = Random(contest_id)  # noqa: S311
    walls: list[float] = []
    stretches: list[tuple[int, float, float]] = []
    wall = rng.uniform(120, 480)

    def stretch(period: int, played: float, seconds: float, pace: float) -> None:
        nonlocal wall
        walls.append(wall)
        stretches.append((period, played, pace))
        wall += seconds

    for period in range(1, len(line) + 1):
        length = period_seconds(period)
        for start in range(0, length, _TIMEOUT_EVERY):
            play = min(_TIMEOUT_EVERY, length - start)
            closing = period >= 2 and start + play == length  # fouls and timeouts at the end of a game
            seconds = play * rng.uniform(2.4, 3.2) if closing else play * rng.uniform(1.6, 2.0)
            stretch(period, start, seconds, play / seconds)
            if start + play < length:
                stretch(period, start + play, rng.uniform(150, 240), 0)
        if period == 1:
            stretch(1, length, rng.uniform(17, 20) * 60, 0)
        else:
            stretch(period, length, rng.uniform(60, 150), 0)
    walls.append(ceil(wall))  # whole seconds, so that `ends_at` is the moment itself
    return _Flow(
        walls=tuple(walls),
        stretches=tuple(stretches),
        home=tuple(_baskets(rng, points, number) for number, (points, _) in enumerate(line, 1)),
        away=tuple(_baskets(rng, points, number) for number, (_, points) in enumerate(line, 1)),
    )


def _baskets(rng: Random, points: int, period: int) -> tuple[tuple[float, ...], tuple[int, ...]]:
    made: list[int] = []
    while points:
        basket = min(rng.choice(_BASKETS), points)
        made.append(basket)
        points -= basket
    length = period_seconds(period)
    times = sorted(rng.uniform(8, length - 1) for _ in made)
    return tuple(times), tuple(accumulate(made))
