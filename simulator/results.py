"""Ratings of teams, and results of games between them."""

from collections.abc import Mapping, Sequence
from random import Random

from models.reference import Team

Line = tuple[tuple[int, int], ...]

HOME_ADVANTAGE = 3.2
_NOISE = 11.1
_TIED = 1.2
"""Margins nearer to zero than this become overtime: about one game in seventeen."""
_FEWEST_POINTS = 38

# Mean rating of a conference's teams in points per game, relative to an average Division I team. Orders of magnitude
# of recent seasons; a conference without a rating is average.
_CONFERENCE_RATING: Mapping[str, float] = {
    "sec": 16.0,
    "big-12": 15.0,
    "big-ten": 14.5,
    "big-east": 12.0,
    "acc": 11.5,
    "pac-12": 9.0,
    "mountain-west": 6.0,
    "atlantic-10": 4.0,
    "american": 3.0,
    "wcc": 3.0,
    "mvc": 2.0,
    "ivy-league": 0.0,
    "cusa": 0.0,
    "sun-belt": -1.0,
    "mac": -1.0,
    "socon": -2.0,
    "america-east": -6.0,
    "big-south": -4.0,
    "ovc": -6.0,
    "nec": -11.0,
    "swac": -13.0,
    "meac": -12.0,
    "southland": -5.0,
    "patriot": -4.0,
    "maac": -5.0,
    "summit-league": -3.0,
    "asun": -4.0,
}


def ratings(rng: Random, teams: Sequence[Team]) -> list[float]:
    """Returns the points by which each team beats an average team at a neutral site this season."""
    return [_CONFERENCE_RATING.get(team.conference, -1.0) + rng.gauss(0, 6.0) for team in teams]


def play(rng: Random, home_edge: float) -> Line:
    """Draws a result by halves and overtimes. `home_edge` is the expected margin of the home team."""
    margin = rng.gauss(home_edge, _NOISE)
    total = rng.gauss(143, 14.5)
    if abs(margin) < _TIED:
        return _with_overtime(rng, round(total / 2), home_edge)
    points = round(abs(margin) - 0.6) or 1
    loser = max(_FEWEST_POINTS, round((total - points) / 2))
    winner = loser + points
    home, away = (winner, loser) if margin > 0 else (loser, winner)
    return _halves(rng, home, away)


def _with_overtime(rng: Random, tied: int, home_edge: float) -> Line:
    tied = max(_FEWEST_POINTS, tied)
    line = _halves(rng, tied, tied)
    while True:
        home, away = max(2, round(rng.gauss(10, 3))), max(2, round(rng.gauss(10, 3)))
        if home_edge > 0 and rng.random() < min(0.25, home_edge / 60):
            home += 2
        line += ((home, away),)
        if home != away:
            return line


def _halves(rng: Random, home: int, away: int) -> Line:
    first = [min(points - 10, max(10, round(points * rng.gauss(0.47, 0.055)))) for points in (home, away)]
    return ((first[0], first[1]), (home - first[0], away - first[1]))
