"""The games of a scoreboard, independent of the answer's format, and the calendar's counts of them."""

from datetime import date, datetime, timedelta

from simulator.days import REISSUE_OFFSET, season_of
from simulator.faults import Faults
from simulator.game import Listed, moment
from simulator.game_faults import MAX_DAYS_MOVED, listed_entries, moved_entries
from simulator.world import World


def listing(world: World, faults: Faults, day: date, now: datetime) -> list[Listed]:
    """Returns the games of a date whose teams are known at `now`: the real API drops the others."""
    if faults.on_date(day, now):
        return []
    games = world.games(day)
    if not faults.affects_games:
        return [Listed(game, moment(game, now)) for game in games if game.announced is None or game.announced <= now]
    entries = [entry for game in games for entry in listed_entries(world, faults, game, now)]
    return entries + list(moved_entries(world, faults, day, now))


def find_entry(world: World, faults: Faults, contest_id: int, now: datetime) -> Listed | None:
    """Returns the entry of a contest on the scoreboard that lists it at `now`."""
    day = world.day_of(contest_id) or world.day_of(contest_id - REISSUE_OFFSET)
    if day is None:
        return None
    days = (day + timedelta(days=later) for later in range(MAX_DAYS_MOVED + 1 if faults.affects_games else 1))
    entries = (entry for day in days for entry in listing(world, faults, day, now))
    return next((entry for entry in entries if entry.game.contest_id == contest_id), None)


def counts(world: World, faults: Faults, season: int, now: datetime) -> dict[date, int]:
    """Returns the game count of each date of a season, from 1 August to 31 July.

    A count equals the number of games on the date's scoreboard.
    """
    days = world.season(season)
    if not faults.affects_games:
        return {
            day: sum(game.announced is None or game.announced <= now for game in games)
            for day, games in days.items()
            if not faults.on_date(day, now)
        }
    dates = {day + timedelta(days=later) for day in days for later in range(MAX_DAYS_MOVED + 1)}
    return {day: len(listing(world, faults, day, now)) for day in dates if season_of(day) == season}
