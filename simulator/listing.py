"""The games of a scoreboard with the faults of single games, independent of the answer's format."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from models.reference import Team
from simulator.days import REISSUE_OFFSET, season_of
from simulator.faults import Faults
from simulator.game import PREGAME, Game, Kind, Moment, State, ends_at, moment
from simulator.world import World

CORRECTED_AFTER = timedelta(days=1)
REISSUED_BEFORE = timedelta(hours=3)
GONE_BEFORE = timedelta(hours=6)
MOVED_BEFORE = timedelta(days=1)
_MOVES_UP_TO = 5
"""Most days by which a game is moved."""

# Opponents outside Division I from the recording of 2025-11-03: slug, short name, full name, code, conference.
_OUTSIDERS = (
    Team("west-all-stars", "Nobel", "", "", ""),
    Team("", "Northwest Indian", "", "", ""),
    Team("paine", "Paine", "", "", ""),
    Team("new-college-fl", "New College (FL)", "", "", ""),
    Team("johnson-wales-charlotte", "JWU Charlotte", "", "", "c2c"),
    Team("suny-cobleskill", "SUNY Cobleskill ", "", "COBLES", "north-atlantic"),
    Team("north-texas-dallas", "UNT Dallas", "", "", ""),
    Team("tamu-san-antonio", "TAMU-San Antonio", "", "", ""),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A game on a scoreboard. Only faults set the fields after `moment`."""

    game: Game
    moment: Moment
    message: str = ""
    """The value of `finalMessage`, where it is not the usual one (`POSTPONED`)."""
    time_unknown: bool = False
    """Whether the start time is TBA."""


def listing(world: World, faults: Faults, day: date, now: datetime) -> list[Listed]:
    """Returns the games of a date whose teams are known at `now`: the real API drops the others."""
    games = [game for game in world.games(day) if game.announced is None or game.announced <= now]
    if not faults.affects_games:
        return [Listed(game, moment(game, now)) for game in games]
    entries = [entry for game in games for entry in _with_faults(world, faults, game, now)]
    return entries + list(_moved_here(world, faults, day, now))


def count(world: World, faults: Faults, day: date, now: datetime) -> int:
    """Returns the calendar's game count of a date, which equals the number of games on its scoreboard."""
    if faults.affects_games:
        return len(listing(world, faults, day, now))
    return sum(game.announced is None or game.announced <= now for game in world.games(day))


def counts(world: World, faults: Faults, season: int, now: datetime) -> dict[date, int]:
    """Returns the game count of each date of a season, from 1 August to 31 July."""
    days = world.season(season)
    if not faults.affects_games:
        return {
            day: sum(game.announced is None or game.announced <= now for game in games) for day, games in days.items()
        }
    moved_to = {day + timedelta(days=later) for day in days for later in range(_MOVES_UP_TO + 1)}
    return {day: count(world, faults, day, now) for day in moved_to if season_of(day) == season}


def _with_faults(world: World, faults: Faults, game: Game, now: datetime) -> Iterator[Listed]:
    match faults.on_game(game.contest_id, game.day):
        case "late_correction":
            early = game if now >= ends_at(game) + CORRECTED_AFTER else _miscounted(game)
            yield Listed(early, moment(early, now))
        case "empty_slug":
            side = "home" if game.contest_id % 2 else "away"
            nameless = _with_team(game, side, replace(getattr(game, side), slug=""))
            yield Listed(nameless, moment(nameless, now))
        case "d3_opponent" if game.kind is Kind.NON_CONFERENCE:
            outsider = _with_team(game, "away", _OUTSIDERS[game.contest_id % len(_OUTSIDERS)])
            yield Listed(outsider, moment(outsider, now))
        case "time_tba":
            at = moment(game, now)
            yield Listed(game, at, time_unknown=at.state is State.PRE)
        case "postponed":
            yield Listed(game, PREGAME, message=("", "", "", "POSTPONED", "CANCELED")[game.contest_id % 5])
        case "reissued" if now >= game.tip_off - REISSUED_BEFORE:
            again = replace(game, contest_id=game.contest_id + REISSUE_OFFSET)
            yield Listed(again, moment(again, now))
            if game.contest_id % 2:
                yield Listed(game, PREGAME)
        case "disappeared" if now >= game.tip_off - GONE_BEFORE:
            pass
        case "moved" if now >= game.tip_off - MOVED_BEFORE and _new_day(world, game):
            pass
        case _:
            yield Listed(game, moment(game, now))


def _moved_here(world: World, faults: Faults, day: date, now: datetime) -> Iterator[Listed]:
    if "moved" not in faults.rules:
        return
    for later in range(1, _MOVES_UP_TO + 1):
        for game in world.games(day - timedelta(days=later)):
            if (
                now >= game.tip_off - MOVED_BEFORE
                and faults.on_game(game.contest_id, game.day) == "moved"
                and _new_day(world, game) == day
            ):
                moved = replace(game, tip_off=game.tip_off + timedelta(days=later))
                yield Listed(moved, moment(moved, now))


def _new_day(world: World, game: Game) -> date | None:
    """Returns the next date on which neither team plays; tournament games are not moved."""
    if game.kind not in (Kind.NON_CONFERENCE, Kind.CONFERENCE):
        return None
    days = (game.day + timedelta(days=later) for later in range(1, _MOVES_UP_TO + 1))
    return next((day for day in days if world.is_idle(game.home, day) and world.is_idle(game.away, day)), None)


def _miscounted(game: Game) -> Game:
    """Returns the result before its correction: another score with the same winner."""
    home, away = game.line[-1]
    points = 2 if game.contest_id % 2 else -1
    home_won = game.home_score > game.away_score
    if abs(game.home_score - game.away_score) + points < 1:
        points = 2
    last = (home + points, away) if home_won else (home, away + points)
    return replace(game, line=(*game.line[:-1], last))


def _with_team(game: Game, side: str, team: Team) -> Game:
    return replace(game, home=team) if side == "home" else replace(game, away=team)
