"""Checks of the tables, evaluated in each run of `ncaa_games`. Wrong data is an error, late data a warning."""

import datetime as dt
from typing import NamedTuple

import dagster as dg
import sqlalchemy as sa

from models.reference import conferences
from pipelines.cadence import STALE_AFTER
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.sessions import Database
from pipelines.seasons import eastern_date

SHOWN = 5


class Check(NamedTuple):
    """A check and the query for what violates it: rows of `severity` (ERROR or WARN) and `finding`."""

    name: str
    description: str
    query: str


CHECKS = (
    Check(
        "scoreboard_is_complete",
        "Each date up to today has as many games as the season's calendar says.",
        """
        SELECT
            CASE WHEN games_expected IS NULL THEN 'WARN' ELSE 'ERROR' END AS severity,
            CASE WHEN games_expected IS NULL THEN format('%s: unknown, the calendar could not be had', game_date)
                ELSE format('%s has %s of %s games', game_date, games_received, games_expected) END AS finding
        FROM scoreboard
        WHERE game_date <= CAST(:today AS date)  -- games of the days ahead are announced one by one
          AND (
              games_received < games_expected
              OR (games_expected IS NULL AND EXTRACT(month FROM game_date) <> ALL (:off_season))
          )
        ORDER BY severity, game_date DESC
        """,
    ),
    Check(
        "no_rejected_games",
        "Every game of every scoreboard is readable.",
        """
        SELECT
            'ERROR' AS severity,
            format('%s, contest %s: %s', game_date, coalesce(contest_id::text, 'unknown'), reason) AS finding
        FROM rejected_game
        ORDER BY game_date DESC, reject_key
        """,
    ),
    Check(
        "fields_are_readable",
        "Every value that decorates a game could be read.",
        """
        SELECT
            'WARN' AS severity,
            concat_ws(': ', format('%s has %s unreadable values', game_date, fields_unreadable), unreadable_sample)
                AS finding
        FROM scoreboard
        WHERE fields_unreadable > 0
        ORDER BY game_date DESC
        """,
    ),
    Check(
        "no_suspect_games",
        "No evidence contradicts a game as it stands.",
        """
        SELECT 'WARN' AS severity, format('%s of %s: %s', game_id, game_date, suspect_reason) AS finding
        FROM fact_game
        WHERE suspect_reason IS NOT NULL
        ORDER BY game_date DESC, game_id
        """,
    ),
    Check(
        "requested_dates_are_loaded",
        "Every past date that was requested is loaded, and its last run did not fail.",
        """
        SELECT
            'WARN' AS severity,
            format(
                '%s, requested by %s, %s%s',
                game_date,
                requested_by,
                CASE WHEN fetched_at IS NULL THEN 'was never loaded' ELSE 'failed when it was last requested' END,
                ': ' || last_reason
            ) AS finding
        FROM requested_date
        LEFT JOIN scoreboard USING (sport, game_date)
        WHERE game_date < CAST(:today AS date)
          AND (fetched_at IS NULL OR (fetched_at < last_requested_at AND last_reason IS NOT NULL))
          AND (last_reason IS NOT NULL OR last_requested_at < CAST(:now AS timestamptz) - INTERVAL '1 hour')
        ORDER BY game_date DESC
        """,
    ),
    Check(
        "past_games_are_settled",
        "Two days after its games, a date is loaded, its games are over, and it was re-checked for corrections.",
        """
        SELECT
            'WARN' AS severity,
            CASE WHEN fetched_at IS NULL THEN format('%s was never loaded', game_date)
                ELSE format('%s is not settled, last fetched at %s', game_date, fetched_at) END AS finding
        FROM scoreboard
        FULL JOIN (  -- days between the dates of the last month
            SELECT CAST(generate_series(min(game_date), CAST(:today AS date), INTERVAL '1 day') AS date) AS game_date
            FROM scoreboard
            WHERE game_date > CAST(:today AS date) - 30
        ) AS recent USING (game_date)
        WHERE settled_at IS NULL
          AND (fetched_at IS NOT NULL OR game_date NOT IN (SELECT requested_date.game_date FROM requested_date))
          AND game_date < CAST(:today AS date) - 2
        ORDER BY game_date DESC
        """,
    ),
    Check(
        "scores_are_plausible",
        "Final games have a winner and plausible scores.",
        """
        SELECT
            CASE WHEN home_score = away_score THEN 'ERROR' ELSE 'WARN' END AS severity,
            format('%s of %s ended %s to %s', game_id, game_date, away_score, home_score) AS finding
        FROM fact_game
        WHERE game_status = 'final'
          AND (home_score = away_score OR least(home_score, away_score) < 15 OR greatest(home_score, away_score) > 190)
        ORDER BY severity, game_date DESC
        """,
    ),
    Check(
        "teams_have_conferences",
        "Teams that play a Division I season have a known conference (models/reference).",
        """
        SELECT
            'WARN' AS severity,
            format('%s in %s has %s', team_name, team.season, coalesce('unknown conference ' || conference_id, 'none'))
                AS finding
        FROM dim_team AS team
        JOIN fact_game AS game ON team_key IN (home_team_key, away_team_key)
        WHERE conference_id IS NULL OR conference_id <> ALL (:conferences)
        GROUP BY team_key
        HAVING count(*) >= 10
        ORDER BY team.season DESC, team_name
        """,
    ),
    Check(
        "facts_match_seasons",
        "Games refer to teams of their season, rivalry follows their conferences, and each team has one current row.",
        """
        SELECT 'ERROR' AS severity, format('%s does not match the seasons of its teams', game_id) AS finding
        FROM fact_game AS game
        JOIN dim_team AS home ON home.team_key = home_team_key
        JOIN dim_team AS away ON away.team_key = away_team_key
        WHERE home.season <> game.season
           OR away.season <> game.season
           OR rivalry_factor <> rivalry_factor(home.conference_id, away.conference_id)
        UNION ALL
        SELECT 'ERROR', format('%s has %s current rows', team_id, count(*) FILTER (WHERE is_current))
        FROM dim_team
        GROUP BY team_id
        HAVING count(*) FILTER (WHERE is_current) <> 1
        """,
    ),
    Check(
        "today_is_fresh",
        f"Today was fetched in the last {STALE_AFTER.total_seconds() / 60:.0f} minutes, regardless of backfills.",
        """
        SELECT 'WARN' AS severity, format('today, %s, was %s', CAST(:today AS date),
            coalesce('last fetched at ' || max(fetched_at), 'never fetched')) AS finding
        FROM scoreboard
        WHERE game_date = CAST(:today AS date)
        HAVING coalesce(max(fetched_at) < CAST(:now AS timestamptz) - CAST(:stale_after AS interval), TRUE)
        """,
    ),
)


def check_specs() -> list[dg.AssetCheckSpec]:
    """Returns the specs that `ncaa_games` declares."""
    return [dg.AssetCheckSpec(check.name, asset="ncaa_games", description=check.description) for check in CHECKS]


async def run_checks(database: Database, now: dt.datetime) -> list[dg.AssetCheckResult]:
    """Evaluates all checks as of an aware moment."""
    parameters = {
        "now": now,
        "today": eastern_date(now),
        "conferences": list(conferences()),
        "stale_after": STALE_AFTER,
        "off_season": sorted(MENS_BASKETBALL.off_season),
    }
    results = []
    async with database.get_session() as session:
        connection = await session.connection()
        for check in CHECKS:
            query = sa.text(check.query)
            used = {name: parameters[name] for name in query.compile().params}
            findings = [(str(row.severity), str(row.finding)) for row in await connection.execute(query, used)]
            results.append(_result(check, findings))
    return results


def _result(check: Check, findings: list[tuple[str, str]]) -> dg.AssetCheckResult:
    shown = [finding for _, finding in findings[:SHOWN]]
    more = f"; and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
    return dg.AssetCheckResult(
        check_name=check.name,
        passed=not findings,
        severity=dg.AssetCheckSeverity.ERROR
        if any(severity == "ERROR" for severity, _ in findings)
        else dg.AssetCheckSeverity.WARN,
        description=("; ".join(shown) + more).rstrip(".") + "." if findings else "Passed.",
        metadata={"findings": len(findings)},
    )
