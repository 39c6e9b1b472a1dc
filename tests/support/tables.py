"""Reads the tables as plain rows for comparison: surrogate keys resolved, write times left out."""

from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession

from models.dim_date import DimDate
from models.tables import TABLE_NAMES, table_name

QUERIES = {
    "fact_game": """
        SELECT game_id, game_date, game_date_key, game.season,
               home.team_id || ' ' || home.season AS home, away.team_id || ' ' || away.season AS away,
               game_status, game_start_time, home_score, away_score, game_period, game_clock, overtime_periods,
               home_rank, away_rank, home_seed, away_seed, bracket_round, network, venue, rivalry_factor, feed,
               last_seen_at, home_conference_id, away_conference_id, suspect_reason, contradicted_since
        FROM fact_game AS game
        JOIN dim_team AS home ON home.team_key = home_team_key
        JOIN dim_team AS away ON away.team_key = away_team_key
        ORDER BY game_id COLLATE "C"
    """,
    "game_history": """
        SELECT game_id, version, changed_at, history.game_date,
               home.team_id || ' ' || home.season AS home, away.team_id || ' ' || away.season AS away,
               game_status, home_score, away_score, game_period, game_clock, overtime_periods
        FROM game_history AS history
        JOIN dim_team AS home ON home.team_key = home_team_key
        JOIN dim_team AS away ON away.team_key = away_team_key
        ORDER BY game_id COLLATE "C", version
    """,
    "dim_team": """
        SELECT team_id, season, slug, team_name, full_name, abbreviation, conference_id, conference_name,
               valid_from, valid_to, is_current,
               team_name_watermark, full_name_watermark, abbreviation_watermark, conference_watermark
        FROM dim_team
        ORDER BY slug COLLATE "C", season
    """,
    "scoreboard": """
        SELECT game_date, feed, fetched_at, source_url, games_expected, games_received, is_complete, games_undecided,
               settled_at
        FROM scoreboard
        ORDER BY game_date
    """,
    "game_evidence": """
        SELECT contest_id, game_date, statement::text, feed, last_listed_at, is_withdrawn, contradiction,
               contradicted_since
        FROM game_evidence
        ORDER BY contest_id, game_date
    """,
    "rejected_game": """
        SELECT reject_key, game_date, contest_id, reason, payload
        FROM rejected_game
        ORDER BY reject_key COLLATE "C"
    """,
}

DETAILS = """
    SELECT game_id, fetched_at, venue_name, city, dim_venue.state, missing_reason, home_points_by_period,
           away_points_by_period, is_neutral_site, neutral_site_basis, neutral_site_confidence
    FROM game_detail
    LEFT JOIN dim_venue USING (venue_key)
    ORDER BY game_id COLLATE "C"
"""
"""Apart from the others, because most tests load scoreboards only."""

STANDINGS = "SELECT * FROM standing ORDER BY as_of, school"
DISCREPANCIES = """
    SELECT season, school, difference, theirs, ours, finding, game_ids, first_seen, last_seen, resolved_because,
           resolved_at IS NULL AS is_open
    FROM discrepancy
    ORDER BY school COLLATE "C", first_seen
"""

EMPTY_ALL = f"TRUNCATE {', '.join(name for name in TABLE_NAMES if name != table_name(DimDate))} RESTART IDENTITY"
"""Deletes all rows but those of the migrations."""
SLOW_COMMITS = """
    CREATE FUNCTION wait_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF coalesce(current_setting('test.has_waited', true), '') = '' THEN
            PERFORM set_config('test.has_waited', 'yes', true), pg_sleep(0.3);
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER wait_once AFTER INSERT OR UPDATE ON {table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_once()
"""
"""Lets each transaction that writes `table` take 0.3 seconds to commit."""


async def driver_connection(session: AsyncSession) -> "asyncpg.Connection[Any]":
    """Returns the session's asyncpg connection, inside its transaction."""
    transaction = await session.connection()
    await transaction.execute(sa.text("SELECT 1"))  # the adapter begins the transaction with the first statement
    raw = await transaction.get_raw_connection()
    connection: asyncpg.Connection[Any] = raw.driver_connection  # type: ignore[assignment]
    return connection


async def dump(session: AsyncSession) -> dict[str, list[dict[str, object]]]:
    """Returns all rows of the tables that loads write, as the session sees them."""
    connection = await driver_connection(session)
    return {name: [dict(row) for row in await connection.fetch(query)] for name, query in QUERIES.items()}
