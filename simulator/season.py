"""Generates a season from a seed and its dates: fixtures, results, polls, tournaments, contest ids and tip-offs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from random import Random

from models.reference import Team, teams
from simulator.days import SeasonDays
from simulator.fixtures import members, regular_season
from simulator.game import Game, Kind
from simulator.results import HOME_ADVANTAGE, play, ratings
from simulator.tipoffs import tip_offs
from simulator.tournaments import Played, bracket, conference_tournament, select_field

POLL_SIZE = 25
_NEUTRAL_SHARE = 0.05
_FIRST_KNOWN_SEASON = 2025
"""Earlier seasons have the teams and conferences of this one."""


@lru_cache(maxsize=24)
def season_games(seed: int, days: SeasonDays) -> Mapping[date, tuple[Game, ...]]:
    """Returns all games of a season by US Eastern date, in order of tip-off. Equal arguments give equal games."""
    division = teams(max(days.season, _FIRST_KNOWN_SEASON))
    rng = Random(f"{seed} {days.name}")  # noqa: S311
    strength = ratings(rng, division)
    played = _regular_season(rng, days, division, strength)
    balance = [0] * len(division)
    conference_wins = [0] * len(division)
    for game in played:
        winner = game.winner
        balance[winner] += 1
        balance[game.away if winner == game.home else game.home] -= 1
        conference_wins[winner] += game.kind is Kind.CONFERENCE
    champions = []
    for conference, group in members(division).items():
        standing = sorted(group, key=lambda team: -conference_wins[team])
        tournament = conference_tournament(rng, days, conference, standing, strength)
        played += tournament
        champions.append(tournament[-1].winner)
    merit = [rating + 0.4 * more_wins for rating, more_wins in zip(strength, balance, strict=True)]
    played += bracket(rng, days, select_field(champions, merit, days.field_size), strength)
    return _numbered(rng, days, division, strength, [game for game in played if game.day <= days.last_day])


def _regular_season(rng: Random, days: SeasonDays, teams: Sequence[Team], strength: Sequence[float]) -> list[Played]:
    played = []
    for fixture in regular_season(rng, days, teams, strength):
        neutral = fixture.kind is Kind.NON_CONFERENCE and rng.random() < _NEUTRAL_SHARE
        edge = strength[fixture.home] - strength[fixture.away] + (0 if neutral else HOME_ADVANTAGE)
        played.append(
            Played(fixture.day, fixture.home, fixture.away, fixture.kind, play(rng, edge), is_neutral=neutral)
        )
    return played


def _polls(rng: Random, strength: Sequence[float], weeks: int) -> list[dict[int, int]]:
    """Returns ranks by team, one poll per week. Polls approach strength as the season goes on."""
    polls = []
    for week in range(weeks):
        doubt = 5.0 - 3.5 * week / weeks
        opinion = [rating + rng.gauss(0, doubt) for rating in strength]
        best = sorted(range(len(strength)), key=lambda team: -opinion[team])[:POLL_SIZE]
        polls.append({team: rank for rank, team in enumerate(best, 1)})
    return polls


def _numbered(
    rng: Random, days: SeasonDays, teams: Sequence[Team], strength: Sequence[float], played: Sequence[Played]
) -> Mapping[date, tuple[Game, ...]]:
    by_day: defaultdict[date, list[Played]] = defaultdict(list)
    for game in played:
        by_day[game.day].append(game)
    polls = _polls(rng, strength, 24)
    season: dict[date, tuple[Game, ...]] = {}
    contest_id = days.first_id
    for day in sorted(by_day):
        poll = polls[(day - days.opening).days // 7]
        times = tip_offs(rng, day, by_day[day], teams, days.always_on)
        games = []
        for game, tip_off in sorted(zip(by_day[day], times, strict=True), key=lambda timed: timed[1]):
            ranked = game.kind is not Kind.BRACKET  # bracket games have seeds and no ranks
            games.append(
                Game(
                    contest_id=contest_id,
                    tip_off=tip_off,
                    home=teams[game.home],
                    away=teams[game.away],
                    kind=game.kind,
                    line=game.line,
                    announced=game.announced,
                    home_rank=poll.get(game.home) if ranked else None,
                    away_rank=poll.get(game.away) if ranked else None,
                    home_seed=game.home_seed,
                    away_seed=game.away_seed,
                    bracket_id=game.bracket_id,
                    bracket_round=game.bracket_round,
                    round_name=game.round_name,
                    region=game.region,
                    network=game.network,
                    is_neutral=game.is_neutral or game.kind in (Kind.CONFERENCE_TOURNAMENT, Kind.BRACKET),
                )
            )
            contest_id += 1
        season[day] = tuple(games)
    return season
