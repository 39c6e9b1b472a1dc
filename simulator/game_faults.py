"""Applies the faults of single games: how a game with a fault is listed at a moment."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from models.reference import Team
from simulator.days import REISSUE_OFFSET
from simulator.faults import Faults
from simulator.game import PREGAME, UNDECIDED, Game, Kind, Listed, Moment, State, ends_at, final, moment
from simulator.world import World

CORRECTED_AFTER = timedelta(days=1)
REISSUED_BEFORE = timedelta(hours=3)
HIGHER_ID_BEFORE = timedelta(days=1)
DISAPPEARS_BEFORE = timedelta(hours=6)
MOVED_BEFORE = timedelta(days=1)
MAX_DAYS_MOVED = 5
UNDECIDED_FROM = timedelta(days=14)
DECIDED_BEFORE = timedelta(hours=12)
REVERTED = (timedelta(hours=1), timedelta(hours=4))
"""After the end of a game: when its final state is lost, and when it is back."""
IMPLAUSIBLE_FOR = timedelta(hours=2)

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

_POSTPONED = ("", "", "", "POSTPONED", "CANCELED")
_CALLED_OFF = (
    (Moment(State.FINAL, 2, home=2, away=0), {"finalMessage": "FORFEIT", "currentPeriod": "FORFEIT"}),
    (Moment(State.FINAL, 2, home=0, away=0), {"finalMessage": "FORFEIT", "currentPeriod": "FORFEIT"}),
    (PREGAME, {"finalMessage": "NO CONTEST"}),
    (Moment(State.PRE, home=44, away=40), {"finalMessage": "SUSPENDED"}),
    (Moment(State.LIVE, 2, clock=611, home=44, away=40), {"finalMessage": "SUSPENDED", "currentPeriod": "SUSPENDED"}),
    (Moment(State.PRE, home=0, away=0), {"currentPeriod": "POSTPONED"}),
    (Moment(State.PRE, home=0, away=0), {"currentPeriod": "CANCELED"}),
)
_ORNAMENTS: tuple[dict[str, str | int], ...] = (
    {"home.rank": "NR"},
    {"away.rank": "26"},
    {"away.seed": "0"},
    {"bracketRound": 0},
    {"bracketRound": 8},
    {"network": "ESPN+ / " * 16 + "SNY"},
    {"startTime": "18:30", "startTimeEpoch": ""},
    {"startTime": "Noon ET", "startTimeEpoch": ""},
    {"startTime": "TBD ET", "startTimeEpoch": ""},
    {"startTimeEpoch": "-5"},
)


def listed_entries(world: World, faults: Faults, game: Game, now: datetime) -> Iterator[Listed]:
    """Yields the entries of a game on the scoreboard of its original date: none, one, or two under two ids."""
    fault = faults.on_game(game.contest_id, game.day)
    if fault == "undecided_team" and now < _decided_at(game):
        if now >= game.tip_off - UNDECIDED_FROM:
            yield Listed(_undecided(game), PREGAME)
        return
    if game.announced is not None and now < game.announced:
        return
    match fault:
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
        case "time_tba" if moment(game, now).state is State.PRE:
            yield Listed(game, PREGAME, {"startTime": "TBA", "startTimeEpoch": ""})
        case "postponed":
            message = _POSTPONED[game.contest_id % len(_POSTPONED)]
            yield Listed(game, PREGAME, {"finalMessage": message} if message else {})
        case "called_off" if now >= game.tip_off:
            yield _called_off(game, now)
        case "reissued" if now >= game.tip_off - REISSUED_BEFORE:
            reissued = _reissued(game)
            yield Listed(reissued, moment(reissued, now))
            if game.contest_id % 2:
                yield Listed(game, PREGAME)
        case "duplicate_id" if now >= game.tip_off - REISSUED_BEFORE:
            yield Listed(game, moment(game, now))
            yield Listed(_reissued(game), PREGAME)
        case "lower_id" if game.tip_off - HIGHER_ID_BEFORE <= now < game.tip_off - REISSUED_BEFORE:
            yield Listed(_reissued(game), PREGAME)
        case "final_reverts" if REVERTED[0] <= now - ends_at(game) < REVERTED[1]:
            yield _reverted(game)
        case "implausible_final" if timedelta(0) <= now - ends_at(game) < IMPLAUSIBLE_FOR:
            yield Listed(game, _implausible(game))
        case "ornaments":
            yield Listed(game, moment(game, now), _ornament(game))
        case "disappeared" if now >= game.tip_off - DISAPPEARS_BEFORE:
            pass
        case "moved" if now >= game.tip_off - MOVED_BEFORE and _new_day(world, game):
            pass
        case _:
            yield Listed(game, moment(game, now))


def moved_entries(world: World, faults: Faults, day: date, now: datetime) -> Iterator[Listed]:
    """Yields the entries of games that were moved to a date."""
    if "moved" not in faults.rules:
        return
    for later in range(1, MAX_DAYS_MOVED + 1):
        for game in world.games(day - timedelta(days=later)):
            if (
                now >= game.tip_off - MOVED_BEFORE
                and faults.on_game(game.contest_id, game.day) == "moved"
                and _new_day(world, game) == day
            ):
                moved = replace(game, tip_off=game.tip_off + timedelta(days=later))
                yield Listed(moved, moment(moved, now))


def _decided_at(game: Game) -> datetime:
    return game.announced or game.tip_off - DECIDED_BEFORE


def _undecided(game: Game) -> Game:
    """Returns the game without its home team, its away team, or both."""
    if game.contest_id % 3 != 0:
        game = replace(game, away=UNDECIDED, away_rank=None)
    if game.contest_id % 3 != 1:
        game = replace(game, home=UNDECIDED, home_rank=None)
    return game


def _new_day(world: World, game: Game) -> date | None:
    """Returns the next date on which neither team plays; tournament games are not moved."""
    if game.kind not in (Kind.NON_CONFERENCE, Kind.CONFERENCE):
        return None
    days = (game.day + timedelta(days=later) for later in range(1, MAX_DAYS_MOVED + 1))
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


def _reissued(game: Game) -> Game:
    return replace(game, contest_id=game.contest_id + REISSUE_OFFSET)


def _called_off(game: Game, now: datetime) -> Listed:
    """Returns a forfeit, a game without a result, a suspended game, or a final game that was resumed."""
    variant = game.contest_id % (len(_CALLED_OFF) + 1)
    if variant < len(_CALLED_OFF):
        at, overrides = _CALLED_OFF[variant]
        return Listed(game, at, overrides)
    at = moment(game, now)
    resumed = f"FINAL (resumed; {game.day + timedelta(days=1):%B} {(game.day + timedelta(days=1)).day})"
    return Listed(game, at, {"finalMessage": resumed} if at.state is State.FINAL else {})


def _reverted(game: Game) -> Listed:
    """Returns a final game as scheduled, live or postponed."""
    match game.contest_id % 3:
        case 0:
            return Listed(game, PREGAME)
        case 1:
            return Listed(game, moment(game, ends_at(game) - timedelta(minutes=20)))
        case _:
            return Listed(game, PREGAME, {"finalMessage": "POSTPONED"})


def _implausible(game: Game) -> Moment:
    """Returns a final state of 0-0, a draw, or without scores."""
    score = (0, game.home_score, None)[game.contest_id % 3]
    return replace(final(game), home=score, away=score)


def _ornament(game: Game) -> dict[str, str | int]:
    """Returns the value of an ornament that cannot be read."""
    variant = game.contest_id % (len(_ORNAMENTS) + 2)
    if variant < len(_ORNAMENTS):
        return _ORNAMENTS[variant]
    if variant == len(_ORNAMENTS):
        return {"startTimeEpoch": str(int(game.tip_off.timestamp() * 1000))}
    hour, half = game.tip_off.hour % 12 or 12, "AM" if game.tip_off.hour < 12 else "PM"
    return {"startTime": f"{hour}:{game.tip_off.minute:02}\u202f{half} ET", "startTimeEpoch": ""}


def _with_team(game: Game, side: str, team: Team) -> Game:
    return replace(game, home=team) if side == "home" else replace(game, away=team)
