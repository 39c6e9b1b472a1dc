"""What one scoreboard says of its teams: the rows of `dim_team` that it may change. Pure."""

import datetime as dt
from dataclasses import dataclass

from pipelines.ncaa.scoreboard import Feed, ParsedScoreboard


@dataclass(slots=True)
class TeamSeason:
    """A team as one scoreboard describes it; each value with the watermark of the game that gave it, 0 if none."""

    slug: str
    team_name: str | None = None
    team_name_watermark: int = 0
    full_name: str | None = None
    full_name_watermark: int = 0
    abbreviation: str | None = None
    abbreviation_watermark: int = 0
    conference_id: str | None = None
    conference_name: str | None = None
    conference_watermark: int = 0


def watermark(game_date: dt.date, contest_id: int, feed: Feed) -> int:
    """Orders what games say of a team: by date, then contest id, and the current feed over the legacy one.

    Decimal digits YYYYMMDD, nine of the contest id, one of the feed.
    """
    key = game_date.year * 10_000 + game_date.month * 100 + game_date.day
    return key * 10**10 + contest_id * 10 + (feed == "current")


def team_seasons(scoreboard: ParsedScoreboard) -> list[TeamSeason]:
    """One row a team; where it plays twice, each value is that of the higher contest id that gave one."""
    teams: dict[str, TeamSeason] = {}
    lowest = watermark(scoreboard.game_date, 0, scoreboard.feed)
    for game in sorted(scoreboard.games, key=lambda game: game.contest_id):
        mark = lowest + game.contest_id * 10
        for line in (game.home, game.away):
            team = teams.get(line.slug)
            if team is None:
                team = teams[line.slug] = TeamSeason(line.slug)
            if line.team_name is not None:
                team.team_name, team.team_name_watermark = line.team_name, mark
            if line.full_name is not None:
                team.full_name, team.full_name_watermark = line.full_name, mark
            if line.abbreviation is not None:
                team.abbreviation, team.abbreviation_watermark = line.abbreviation, mark
            if line.conference_id is not None:
                team.conference_id, team.conference_name = line.conference_id, line.conference_name
                team.conference_watermark = mark
    return list(teams.values())
