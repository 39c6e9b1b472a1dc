"""Answers to `/standings`: records by the games that are final, as of 5:50 AM."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from models.reference import Team, conference_name, teams
from simulator.days import season_of
from simulator.faults import Faults
from simulator.game import Kind, Listed, State
from simulator.listing import listing
from simulator.world import World

UPDATED_AT = time(5, 50)
STALE_BY = timedelta(days=3)
UNKNOWN_SCHOOL = "Northern Cascadia"


def answer(
    world: World, faults: Faults, now: datetime, *, days_late: timedelta = timedelta(), has_unknown: bool = False
) -> dict[str, Any]:
    """Returns the page as it was last updated, or so much earlier; one school may have a name that nobody knows."""
    updated = datetime.combine(now.date(), UPDATED_AT, now.tzinfo)
    updated = (updated if updated <= now else updated - timedelta(days=1)) - days_late
    season = season_of(updated.date() - timedelta(days=1))
    division = teams(max(season, 2025))
    played = _results(world, faults, season, updated.date(), now)
    conferences: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for number, team in enumerate(division):
        name = UNKNOWN_SCHOOL if has_unknown and number == 0 else team.short_name
        conferences[conference_name(team.conference, season) or team.conference].append(_row(name, played[team.slug]))
    return {
        "sport": "Men's Basketball",
        "title": "ALL CONFERENCES",
        "updated": f"{updated:%b %d, %Y %I:%M %p} EDT",  # also in winter
        "page": 1,
        "pages": 1,
        "data": [{"conference": name, "standings": rows} for name, rows in sorted(conferences.items())],
    }


def _results(
    world: World, faults: Faults, season: int, until: date, now: datetime
) -> defaultdict[str, list[tuple[bool, bool]]]:
    """Returns for each slug whether the team won, and whether it was a game of its conference, in order."""
    monday = date(season, 11, 7) - timedelta(days=date(season, 11, 7).weekday())
    played: defaultdict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for day in sorted(world.season(season)):
        if monday <= day < until:
            for entry in sorted(_final(listing(world, faults, day, now)), key=lambda entry: entry.game.tip_off):
                game, at = entry.game, entry.moment
                for team, has_won in _sides(game.home, game.away, (at.home or 0) > (at.away or 0)):
                    played[team.slug].append((has_won, game.kind is Kind.CONFERENCE))
    return played


def _final(entries: Iterable[Listed]) -> list[Listed]:
    return [entry for entry in entries if entry.moment.state is State.FINAL and entry.moment.home != entry.moment.away]


def _sides(home: Team, away: Team, has_home_won: bool) -> tuple[tuple[Team, bool], tuple[Team, bool]]:
    return (home, has_home_won), (away, not has_home_won)


def _row(school: str, played: list[tuple[bool, bool]]) -> dict[str, str]:
    row = {"School": school}
    for name, results in (
        ("Conference", [has_won for has_won, is_conference in played if is_conference]),
        ("Overall", [has_won for has_won, _ in played]),
    ):
        won, lost = results.count(True), results.count(False)
        row |= {f"{name} W": str(won), f"{name} L": str(lost), f"{name} PCT": f"{won / max(won + lost, 1):.3f}"}
    streak = 0
    for has_won, _ in reversed(played):
        if has_won != played[-1][0]:
            break
        streak += 1
    row["Overall STREAK"] = f"{'Won' if played[-1][0] else 'Lost'} {streak}" if played else ""
    return row
