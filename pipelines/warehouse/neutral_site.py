"""Derives whether a game was at a neutral site; no answer of the API says so. Pure; docs/rules.md explains the rule."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

USUAL_GAMES: Final = 4
"""Home games of a season from which a venue is usual for a team. A designated home team plays fewer in a tournament."""
USUAL_SHARE: Final = 0.2
"""Share of its home games that a usual venue has at least."""

Confidence = Literal["high", "low"]


class PlayedGame(NamedTuple):
    """A final game of one season, as far as the rule needs it."""

    game_id: str
    game_date: dt.date
    home_team_key: int
    away_team_key: int
    conference_id: str | None
    """Conference of both teams; None if they are not in one conference."""
    bracket_round: str | None
    venue_key: int | None
    city: str | None
    state: str | None


class Site(NamedTuple):
    """Whether a game was at a neutral site, None if undecided, with the reason and how far it can be trusted."""

    is_neutral: bool | None
    basis: str
    confidence: Confidence | None


NCAA_TOURNAMENT: Final = Site(True, "NCAA tournament", "high")
HOME_IN_BRACKET: Final = Site(False, "usual venue of a team, in the NCAA tournament", "low")
AT_HOME: Final = Site(False, "usual venue of the home team", "high")
HOST: Final = Site(False, "usual venue of the home team, which holds the conference tournament", "low")
AT_AWAY: Final = Site(False, "usual venue of the away team", "low")
CONFERENCE_TOURNAMENT: Final = Site(True, "conference tournament", "high")
OTHER_CITY: Final = Site(True, "not the usual venue or city of either team, and others played there", "high")
LONE_CITY: Final = Site(None, "elsewhere, where no other team was at home", None)
NO_VENUE: Final = Site(None, "the venue is unknown", None)
NO_USUAL_VENUE: Final = Site(None, "no usual venue of the home team is known", None)
SAME_CITY: Final = Site(None, "another venue in the city of a usual one", None)


def neutral_sites(games: Sequence[PlayedGame]) -> dict[str, Site]:
    """Returns the site of each game of a season by game id. The order of the games makes no difference."""
    usual = usual_venues(games)
    cities = {game.venue_key: (game.city, game.state) for game in games if game.city is not None}
    visitors: defaultdict[int, set[int]] = defaultdict(set)
    tournaments: defaultdict[tuple[str, int], list[PlayedGame]] = defaultdict(list)
    for game in games:
        if game.venue_key is None or game.venue_key in usual[game.home_team_key] | usual[game.away_team_key]:
            continue
        visitors[game.venue_key].add(game.home_team_key)
        if game.conference_id is not None and game.bracket_round is None:
            tournaments[game.conference_id, game.venue_key].append(game)
    spans = {
        place: (min(game.game_date for game in held), max(game.game_date for game in held))
        for place, held in tournaments.items()
        if len({game.home_team_key for game in held}) > 1
    }

    def site(game: PlayedGame) -> Site:
        home, away = usual[game.home_team_key], usual[game.away_team_key]
        if game.bracket_round is not None:
            return HOME_IN_BRACKET if game.venue_key in home | away else NCAA_TOURNAMENT
        if game.venue_key is None:
            return NO_VENUE
        span = spans.get((game.conference_id or "", game.venue_key))
        is_tournament = span is not None and span[0] <= game.game_date <= span[1]
        if game.venue_key in home:
            return HOST if is_tournament else AT_HOME
        if game.venue_key in away:
            return AT_AWAY
        if is_tournament:
            return CONFERENCE_TOURNAMENT
        if not home:
            return NO_USUAL_VENUE
        if game.city is None or (game.city, game.state) in {cities.get(venue) for venue in home | away}:
            return SAME_CITY
        return OTHER_CITY if len(visitors[game.venue_key]) > 1 else LONE_CITY

    return {game.game_id: site(game) for game in games}


def usual_venues(games: Iterable[PlayedGame]) -> Mapping[int, set[int]]:
    """Returns the venues of a season at which each team is at home; some teams have two."""
    played: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for game in games:
        if game.venue_key is not None and game.bracket_round is None:
            played[game.home_team_key][game.venue_key] += 1
    usual: defaultdict[int, set[int]] = defaultdict(set)
    for team, venues in played.items():
        fewest = max(USUAL_GAMES, USUAL_SHARE * venues.total())
        usual[team] = {venue for venue, count in venues.items() if count >= fewest}
    return usual
