"""Every season a server plays, by date: the real calendar's since 2010, and one laid around the present day."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, lru_cache

from models.reference import Team
from simulator.days import FIRST_SEASON, ID_STRIDE, SeasonDays, calendar_season, laid_season, season_of
from simulator.game import Game
from simulator.season import season_games


@dataclass(frozen=True)
class World:
    """What is played when. Seasons are made when they are first asked for.

    `laid_around`: a day that shall be in mid-season. A season of the real calendar that would overlap with the one
    laid there is not played. `last_season`: no later season is played.
    """

    seed: int
    teams: tuple[Team, ...] = field(repr=False)
    last_season: int
    laid_around: date | None = None
    _made: dict[str, Mapping[date, tuple[Game, ...]]] = field(default_factory=dict, init=False, repr=False)
    _diaries: dict[str, Mapping[str, tuple[Game, ...]]] = field(default_factory=dict, init=False, repr=False)

    def games(self, day: date) -> tuple[Game, ...]:
        """The games of an Eastern date, by tip-off."""
        for days in self._near(season_of(day)):
            if days.opening <= day <= days.last_day:
                return self._games_of(days).get(day, ())
        return ()

    def season(self, season: int) -> dict[date, tuple[Game, ...]]:
        """The games of all dates from 1 August to 31 July, whichever seasons were laid there."""
        return {
            day: games
            for days in self._near(season)
            for day, games in self._games_of(days).items()
            if season_of(day) == season
        }

    def game(self, contest_id: int) -> Game | None:
        """A game by the id it was first issued under."""
        first_id = contest_id - contest_id % ID_STRIDE
        for days in self._all():
            if days.first_id == first_id:
                return _by_id(self.seed, days, self.teams).get(contest_id)
        return None

    def is_idle(self, team: Team, day: date) -> bool:
        """Whether a team has no game on a date."""
        return not any(
            game.day == day for days in self._near(season_of(day)) for game in self._diary(days).get(team.slug, ())
        )

    def record(self, team: Team, at: datetime) -> tuple[int, int]:
        """Games won and lost by a team in its season, up to and with the one that tips off at `at`."""
        for days in self._near(season_of(at.date())):
            if days.opening <= at.date() <= days.last_day:
                played = [game for game in self._diary(days).get(team.slug, ()) if game.tip_off <= at]
                won = sum((game.home_score > game.away_score) == (game.home == team) for game in played)
                return won, len(played) - won
        return 0, 0

    def _games_of(self, days: SeasonDays) -> Mapping[date, tuple[Game, ...]]:
        # The season's own cache serves all worlds of a process, but has to hash 365 teams to be asked.
        if days.name not in self._made:
            self._made[days.name] = season_games(self.seed, days, self.teams)
        return self._made[days.name]

    def _diary(self, days: SeasonDays) -> Mapping[str, tuple[Game, ...]]:
        if days.name not in self._diaries:
            self._diaries[days.name] = _games_by_team(self._games_of(days))
        return self._diaries[days.name]

    @cached_property
    def laid(self) -> SeasonDays | None:
        return laid_season(self.laid_around) if self.laid_around else None

    def _all(self) -> Iterator[SeasonDays]:
        laid = self.laid
        if laid:
            yield laid
        for season in range(FIRST_SEASON, self.last_season + 1):
            days = calendar_season(season)
            if laid is None or days.last_day < laid.opening or laid.last_day < days.opening:
                yield days

    def _near(self, season: int) -> tuple[SeasonDays, ...]:
        return self._by_season.get(season, ())

    @cached_property
    def _by_season(self) -> Mapping[int, tuple[SeasonDays, ...]]:
        """The seasons that have days between 1 August and 31 July."""
        near: defaultdict[int, tuple[SeasonDays, ...]] = defaultdict(tuple)
        for days in sorted(self._all(), key=lambda days: days.opening):
            for season in range(season_of(days.opening), season_of(days.last_day) + 1):
                near[season] += (days,)
        return dict(near)


@lru_cache(maxsize=24)
def _by_id(seed: int, days: SeasonDays, teams: tuple[Team, ...]) -> Mapping[int, Game]:
    return {game.contest_id: game for games in season_games(seed, days, teams).values() for game in games}


def _games_by_team(season: Mapping[date, tuple[Game, ...]]) -> Mapping[str, tuple[Game, ...]]:
    by_team: defaultdict[str, list[Game]] = defaultdict(list)
    for games in season.values():
        for game in games:
            by_team[game.home.slug].append(game)
            by_team[game.away.slug].append(game)
    return {slug: tuple(played) for slug, played in by_team.items()}
