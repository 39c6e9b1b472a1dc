"""Merges teams that were loaded under a slug before `models/reference` knew it as an alias."""

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from models.reference import team_aliases
from pipelines.errors import TeamAliasError
from pipelines.warehouse.load import TAKE_TURN
from pipelines.warehouse.sql import read_sql

COUNT_ALIASED: Final = "SELECT count(*) FROM dim_team WHERE slug = ANY (:aliases)"
FIND_MEETING: Final = """
    SELECT game_id, home.slug AS home, away.slug AS away
    FROM fact_game
    JOIN dim_team AS home ON home.team_key = home_team_key
    JOIN dim_team AS away ON away.team_key = away_team_key
    LEFT JOIN unnest(CAST(:aliases AS text[]), CAST(:slugs AS text[])) AS home_alias (spelling, slug)
        ON home_alias.spelling = home.slug
    LEFT JOIN unnest(CAST(:aliases AS text[]), CAST(:slugs AS text[])) AS away_alias (spelling, slug)
        ON away_alias.spelling = away.slug
    WHERE coalesce(home_alias.slug, home.slug) = coalesce(away_alias.slug, away.slug)
    LIMIT 1
"""


def merge_teams(connection: Connection, aliases: Mapping[str, str] | None = None) -> int:
    """Moves the games of each aliased team to the canonical team of that season, and deletes the aliased team.

    Runs in the connection's transaction, which the caller commits, and waits for a running load. Without aliased teams
    it writes nothing. Contest ids that are of the same teams only since the merge are decided by the next load of their
    date. `aliases` are those of `models/reference` unless given. Returns the number of rows of `dim_team`
    that were under an alias.

    Raises:
        TeamAliasError: an alias joins two teams that played each other.
    """
    aliases = team_aliases() if aliases is None else aliases
    values = {"aliases": list(aliases), "slugs": list(aliases.values())}
    connection.execute(TAKE_TURN)
    aliased: int = connection.scalar(sa.text(COUNT_ALIASED), values) or 0
    if aliased:
        meeting = connection.execute(sa.text(FIND_MEETING), values).one_or_none()
        if meeting is not None:
            raise TeamAliasError(
                f"{meeting.home} and {meeting.away} are one team in models/reference/team_aliases.csv, but they play "
                f"each other in game {meeting.game_id}: remove the alias. Nothing was merged."
            )
        connection.execute(sa.text(read_sql("merge_teams")), values)
    return aliased
