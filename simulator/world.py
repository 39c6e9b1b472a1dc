"""The games of a server by date: seasons on the real calendar since 2010, or a season window around the present."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from models.reference import Team
from simulator.days import FIRST_SEASON, REISSUE_OFFSET, SeasonDays, calendar_season, season_around, season_of
from simulator.game import Game
from simulator.season import season_games


@dataclass(frozen=True)
class World:
    """Generates seasons on first use.

    `midseason_date` places a season window around that date; seasons of the real calendar that overlap with the window
    are left out. `last_season` is the last season of the real calendar.
    """

    seed: int
    last_season: int
    midseason_date: date | None = None
    _by_team: dict[str, Mapping[str, tuple[Game, ...]]] = field(default_factory=dict, init=False, repr=False)

    def games(self, day: date) -> tuple[Game, ...]:
        """Returns the games of a US Eastern date by tip-off."""
        for days in self._near(season_of(day)):
            if days.opening <= day <= days.last_day:
                return self._games_of(days).get(day, ())
        return ()

    def season(self, season: int) -> dict[date, tuple[Game, ...]]:
        """Returns the games of all dates from 1 August to 31 July."""
        return {
            day: games
            for days in self._near(season)
            for day, games in self._games_of(days).items()
            if season_of(day) == season
        }

    def day_of(self, contest_id: int) -> date | None:
        """Returns the date on which a contest was first announced."""
        for days in self._all():
            if days.first_id <= contest_id < days.first_id + REISSUE_OFFSET:
                return next(
                    (
                        day
                        for day, games in self._games_of(days).items()
                        if games[0].contest_id <= contest_id <= games[-1].contest_id
                    ),
                    None,
                )
        return None

    def is_idle(self, team: Team, day: date) -> bool:
        """Returns whether a team has no game on a date."""
        return not any(
            game.day == day
            for days in self._near(season_of(day))
            for game in self._games_by_team_of(days).get(team.slug, ())
        )

    def record(self, team: Team, at: datetime) -> tuple[int, int]:
        """Returns the games won and lost by a team in its season, up to and including its game at `at`."""
        for days in self._near(season_of(at.date())):
            if days.opening <= at.date() <= days.last_day:
                played = [game for game in self._games_by_team_of(days).get(team.slug, ()) if game.tip_off <= at]
                won = sum((game.home_score > game.away_score) == (game.home == team) for game in played)
                return won, len(played) - won
        return 0, 0

    def _games_of(self, days: SeasonDays) -> Mapping[date, tuple[Game, ...]]:
        return season_games(self.seed, days)

    def _games_by_team_of(self, days: SeasonDays) -> Mapping[str, tuple[Game, ...]]:
        if days.name not in self._by_team:
            self._by_team[days.name] = _games_by_team(self._games_of(days))
        return self._by_team[days.name]

    @cached_property
    def current_window(self) -> SeasonDays | None:
        """The season window around `midseason_date`."""
        return season_around(self.midseason_date) if self.midseason_date else None

    def _all(self) -> Iterator[SeasonDays]:
        window = self.current_window
        if window:
            yield window
        for season in range(FIRST_SEASON, self.last_season + 1):
            days = calendar_season(season)
            if window is None or days.last_day < window.opening or window.last_day < days.opening:
                yield days

    def _near(self, season: int) -> tuple[SeasonDays, ...]:
        return self._by_season.get(season, ())

    @cached_property
    def _by_season(self) -> Mapping[int, tuple[SeasonDays, ...]]:
        """The seasons that have dates between 1 August and 31 July."""
        near: defaultdict[int, tuple[SeasonDays, ...]] = defaultdict(tuple)
        for days in sorted(self._all(), key=lambda days: days.opening):
            for season in range(season_of(days.opening), season_of(days.last_day) + 1):
                near[season] += (days,)
        return dict(near)


def _games_by_team(season: Mapping[date, tuple[Game, ...]]) -> Mapping[str, tuple[Game, ...]]:
    by_team: defaultdict[str, list[Game]] = defaultdict(list)
    for games in season.values():
        for game in games:
            by_team[game.home.slug].append(game)
            by_team[game.away.slug].append(game)
    return {slug: tuple(played) for slug, played in by_team.items()}
