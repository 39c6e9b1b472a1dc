"""What one scoreboard says of its teams: the rows of `dim_team` that it may change. Pure."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from models.reference import conference_name
from pipelines.ncaa.scoreboard import Feed, ParsedScoreboard
from pipelines.seasons import season_of
from pipelines.warehouse.evidence import Row


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


def team_seasons(scoreboard: ParsedScoreboard, rows: Mapping[int, Row]) -> list[TeamSeason]:
    """One row per team; where it plays twice, each value is that of the higher contest id that gave one.

    Names are those of the scoreboard. Conferences are those of `rows`, the games as they stand by contest id: a game
    that is withdrawn, or stands on another date, rules no conference.
    """
    teams: dict[str, TeamSeason] = {}
    names: dict[str, str] = {}
    season = season_of(scoreboard.game_date)
    lowest = watermark(scoreboard.game_date, 0, scoreboard.feed)
    games = sorted(scoreboard.games, key=lambda game: game.contest_id)
    for game in games:
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
            if line.conference_id is not None and line.conference_name is not None:
                names[line.conference_id] = line.conference_name
    for game in games:
        row = rows.get(game.contest_id)
        if row is None or row.game_date != scoreboard.game_date:
            continue
        for slug, conference_id, mark in stated_conferences(game.contest_id, row):
            team = teams.get(slug)
            if team is not None:
                team.conference_id = conference_id
                team.conference_name = names.get(conference_id) or conference_name(conference_id, season)
                team.conference_watermark = mark
    return list(teams.values())


def stated_conferences(contest_id: int, row: Row) -> list[tuple[str, str, int]]:
    """Slug, conference and watermark of each team to which a game that stands gives a conference."""
    if row.is_withdrawn:
        return []
    statement = row.statement
    mark = watermark(row.game_date, contest_id, row.feed)
    sides = (
        (statement.home_slug, statement.home_conference_id),
        (statement.away_slug, statement.away_conference_id),
    )
    return [(slug, conference_id, mark) for slug, conference_id in sides if conference_id is not None]


def affected_teams(
    changed: Mapping[int, Row], before: Mapping[int, Row], upserted: Mapping[int, Collection[str]]
) -> list[tuple[int, str]]:
    """Season and slug of each team whose conference the upsert of this load's teams does not settle.

    A changed game no longer gives the team a conference, or it gives one that was not part of the upsert; `upserted`
    has the slugs of its teams by contest id.
    """
    affected = set()
    for contest_id, row in changed.items():
        new = {(season_of(row.game_date), slug, mark) for slug, _, mark in stated_conferences(contest_id, row)}
        old = before.get(contest_id)
        if old is not None:
            stated = {(season_of(old.game_date), slug, mark) for slug, _, mark in stated_conferences(contest_id, old)}
            affected |= stated - new
        slugs = upserted.get(contest_id, ())
        affected |= {(season, slug, mark) for season, slug, mark in new if slug not in slugs}
    return sorted({(season, slug) for season, slug, _ in affected})
