"""Checks of the tables over their whole history. Wrong data is an error, late data a warning.

They run every hour and after changed rows, in runs of their own, so that they report also that no date was loaded. What
they find about a date is reported by the run that loads it, too.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from models.reference import conferences
from pipelines.cadence import DETAILS_DAYS, STALE_AFTER
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.sessions import Database
from pipelines.runtime.retries import RETRIES
from pipelines.seasons import eastern_date
from pipelines.warehouse.resolutions import UNRESOLVED_DAYS, Decision, read_decisions

SHOWN = 5


class Check(NamedTuple):
    """A check and the query for what violates it.

    Its rows are `severity` (ERROR or WARN), `finding`, and the `game_date` by which a person can accept the finding.
    """

    name: str
    description: str
    query: str
    table: str = "fact_game"
    """The table or asset in the catalog that shows the check."""
    is_about_answers: bool = False
    """Whether a finding tells what is wrong with the newest answer of its date: the run that loads it reports it."""


CHECKS = (
    Check(
        "scoreboard_is_complete",
        "Each date up to today has as many games as the season's calendar says, and its calendar is known.",
        """
        SELECT
            CASE WHEN games_expected IS NULL THEN 'WARN' ELSE 'ERROR' END AS severity,
            CASE WHEN games_expected IS NULL THEN format('%s: unknown, its calendar was never fetched', game_date)
                ELSE format('%s has %s of %s games', game_date, games_received, games_expected) END AS finding,
            game_date
        FROM scoreboard
        WHERE game_date <= CAST(:today AS date)  -- games of the days ahead are announced one by one
          AND (
              games_received < games_expected
              OR (games_expected IS NULL AND EXTRACT(month FROM game_date) <> ALL (:off_season))
          )
        ORDER BY severity, game_date DESC
        """,
        is_about_answers=True,
    ),
    Check(
        "no_rejected_games",
        "Every game of every scoreboard is readable.",
        """
        SELECT
            'ERROR' AS severity,
            format('%s, contest %s: %s', game_date, coalesce(contest_id::text, 'unknown'), reason) AS finding,
            game_date
        FROM rejected_game
        ORDER BY game_date DESC, reject_key
        """,
        table="rejected_game",
        is_about_answers=True,
    ),
    Check(
        "fields_are_readable",
        "Every value that decorates a game could be read.",
        """
        SELECT
            'WARN' AS severity,
            concat_ws(': ', format('%s has %s unreadable values', game_date, fields_unreadable), unreadable_sample)
                AS finding,
            game_date
        FROM scoreboard
        WHERE fields_unreadable > 0
        ORDER BY game_date DESC
        """,
        is_about_answers=True,
    ),
    Check(
        "no_suspect_games",
        "No evidence contradicts a game as it stands.",
        """
        SELECT
            'WARN' AS severity,
            format('%s of %s: %s', game_id, game_date, rtrim(suspect_reason, '.')) AS finding,
            game_date
        FROM fact_game
        WHERE suspect_reason IS NOT NULL
        ORDER BY game_date DESC, game_id
        """,
        is_about_answers=True,
    ),
    Check(
        "no_unexplained_withdrawals",
        "No game was withdrawn in the last days, and no final game ever, unless another game of its teams replaced it.",
        """
        SELECT
            'WARN' AS severity,
            format('%s of %s was withdrawn at %s%s', game_id, game_date, updated_at,
                CASE WHEN game_period = 'final' THEN format(', final %s to %s', away_score, home_score) END) AS finding,
            game_date
        FROM fact_game AS withdrawn
        WHERE game_status = 'withdrawn'
          AND (game_period = 'final' OR updated_at > CAST(:now AS timestamptz) - INTERVAL '3 days')
          AND NOT EXISTS (
              SELECT FROM fact_game AS other
              WHERE other.game_date = withdrawn.game_date
                AND other.game_status <> 'withdrawn'
                AND other.home_team_key IN (withdrawn.home_team_key, withdrawn.away_team_key)
                AND other.away_team_key IN (withdrawn.home_team_key, withdrawn.away_team_key)
          )
          AND NOT EXISTS (
              SELECT FROM resolution
              WHERE resolution.game_id = withdrawn.game_id
                AND resolution.game_status = 'withdrawn'
                AND closed_at IS NULL
          )
        UNION ALL
        SELECT
            'WARN',
            format('%s of %s is unlisted since %s and will be withdrawn', fact_game.game_id, fact_game.game_date,
                game_evidence.contradicted_since),
            fact_game.game_date
        FROM game_evidence
        JOIN fact_game
            ON fact_game.game_id = game_evidence.sport || '_' || contest_id
            AND fact_game.game_date = game_evidence.game_date
        WHERE contradiction = 'unlisted' AND fact_game.game_status <> 'withdrawn'
        ORDER BY game_date DESC, finding
        """,
        is_about_answers=True,
    ),
    Check(
        "no_unresolved_games",
        f"No game is still live two days after its date, or still scheduled more than {UNRESOLVED_DAYS} days after.",
        """
        SELECT
            'WARN' AS severity,
            format('%s of %s is still %s', game_id, game_date, game_status) AS finding,
            game_date
        FROM fact_game
        WHERE game_date < CAST(:today AS date)
            - CASE game_status WHEN 'scheduled' THEN CAST(:unresolved_days AS int) WHEN 'live' THEN 1 END
        ORDER BY game_date DESC, game_id
        """,
        is_about_answers=True,
    ),
    Check(
        "newest_answers_are_loaded",
        "The newest answer about each date is loaded: it was not older than the one before.",
        """
        SELECT
            'WARN' AS severity,
            format('%s got a stale answer at %s, and still has that of %s', game_date, last_stale_at, fetched_at)
                AS finding,
            game_date
        FROM scoreboard
        WHERE last_stale_at > fetched_at
        ORDER BY game_date DESC
        """,
        is_about_answers=True,
    ),
    Check(
        "answers_are_archived",
        "The answers of the last day, and the newest about each date, are in the archive.",
        """
        SELECT
            'ERROR' AS severity,
            format('%s: the answer of %s could not be archived', game_date, unarchived_at) AS finding,
            game_date
        FROM scoreboard
        WHERE unarchived_at = fetched_at
           OR unarchived_at > CAST(:now AS timestamptz) - INTERVAL '1 day'
        ORDER BY game_date DESC
        """,
        table="archive",
    ),
    Check(
        "clocks_agree",
        "No moment of an answer lies ahead of the database's clock.",
        """
        SELECT
            'WARN' AS severity,
            format('%s had moment %s, ahead of the clock', game_date, coalesce(void_fetched_at, fetched_at)) AS finding,
            game_date
        FROM scoreboard
        WHERE fetched_at > CAST(:now AS timestamptz) + INTERVAL '60 seconds'
           OR (void_fetched_at IS NOT NULL AND fetched_at > CAST(:now AS timestamptz) - INTERVAL '7 days')
        ORDER BY game_date DESC
        """,
        is_about_answers=True,
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
            ) AS finding,
            game_date
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
                ELSE format('%s is not settled, last fetched at %s', game_date, fetched_at) END AS finding,
            game_date
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
            format('%s of %s ended %s to %s', game_id, game_date, away_score, home_score) AS finding,
            game_date
        FROM fact_game
        WHERE game_status = 'final'
          AND (home_score = away_score OR least(home_score, away_score) < 15 OR greatest(home_score, away_score) > 190)
        ORDER BY severity, game_date DESC
        """,
    ),
    Check(
        "games_have_venues",
        "Each final game of the last days has details with a venue.",
        """
        SELECT
            'WARN' AS severity,
            format('%s of %s: %s', game_id, game_date,
                rtrim(coalesce(missing_reason, 'no details were requested'), '.')) AS finding,
            game_date
        FROM fact_game
        LEFT JOIN game_detail USING (game_id)
        WHERE game_status = 'final'
          AND venue_key IS NULL
          AND game_date BETWEEN CAST(:today AS date) - CAST(:details_days AS int) AND CAST(:today AS date) - 2
          AND created_at < CAST(:now AS timestamptz) - INTERVAL '1 day'  -- a morning's schedule has passed
        ORDER BY game_date DESC, game_id
        """,
        table="game_detail",
    ),
    Check(
        "points_add_up",
        "The points of a game's periods add up to its score, and it has as many overtimes as its scoreboard says.",
        """
        SELECT
            'WARN' AS severity,
            format('%s of %s: %s to %s, by period %s to %s', game_id, game_date, away_score, home_score,
                array_to_string(away_points_by_period, '+'), array_to_string(home_points_by_period, '+')) AS finding,
            game_date
        FROM fact_game
        JOIN game_detail USING (game_id)
        WHERE game_status = 'final'
          AND (
              (SELECT sum(points) FROM unnest(home_points_by_period) AS points) <> home_score
              OR (SELECT sum(points) FROM unnest(away_points_by_period) AS points) <> away_score
              OR cardinality(home_points_by_period) <> 2 + overtime_periods
          )
        ORDER BY game_date DESC, game_id
        """,
        table="game_detail",
    ),
    Check(
        "venues_have_one_spelling",
        "No two venues of a city differ in punctuation or capitals alone (models/reference/venue_aliases.csv).",
        """
        SELECT
            'WARN' AS severity,
            format('%s has %s', concat_ws(', ', min(city), min(state)),
                string_agg(venue_name, ', ' ORDER BY venue_name COLLATE "C" DESC)) AS finding,
            CAST(NULL AS date) AS game_date
        FROM dim_venue
        GROUP BY regexp_replace(lower(venue_name), '[^a-z0-9]', '', 'g'), lower(city), state
        HAVING count(*) > 1
        ORDER BY finding
        """,
        table="dim_venue",
    ),
    Check(
        "teams_have_conferences",
        "Teams that play a Division I season have a known conference (models/reference).",
        """
        SELECT
            'WARN' AS severity,
            format('%s in %s has %s', team_name, team.season, coalesce('unknown conference ' || conference_id, 'none'))
                AS finding,
            max(game_date) AS game_date
        FROM dim_team AS team
        JOIN fact_game AS game ON team_key IN (home_team_key, away_team_key)
        WHERE conference_id IS NULL OR conference_id <> ALL (:conferences)
        GROUP BY team_key
        HAVING count(*) >= 10
        ORDER BY team.season DESC, team_name
        """,
        table="dim_team",
    ),
    Check(
        "facts_match_seasons",
        "Games refer to teams of their season, rivalry follows their conferences, and each team has one current row.",
        """
        SELECT
            'ERROR' AS severity,
            format('%s does not match the seasons of its teams', game_id) AS finding,
            game_date
        FROM fact_game AS game
        JOIN dim_team AS home ON home.team_key = home_team_key
        JOIN dim_team AS away ON away.team_key = away_team_key
        WHERE home.season <> game.season
           OR away.season <> game.season
           OR rivalry_factor <> rivalry_factor(home.conference_id, away.conference_id)
        UNION ALL
        SELECT 'ERROR', format('%s has %s current rows', team_id, count(*) FILTER (WHERE is_current)), NULL
        FROM dim_team
        GROUP BY team_id
        HAVING count(*) FILTER (WHERE is_current) <> 1
        """,
    ),
    Check(
        "records_agree_with_standings",
        "Each team's record equals the one in the NCAA's standings.",
        """
        SELECT 'ERROR' AS severity, format('%s, since %s', finding, first_seen) AS finding, first_seen AS game_date
        FROM discrepancy
        WHERE resolved_at IS NULL
        ORDER BY first_seen DESC, school
        """,
        table="ncaa_standings",
    ),
    Check(
        "standings_are_compared",
        "The newest standings are of today or yesterday, and were compared with the games.",
        """
        SELECT
            'WARN' AS severity,
            coalesce(
                rtrim(min(not_compared), '.'),
                format('The newest standings are of %s', as_of)
            ) AS finding,
            as_of AS game_date
        FROM standing
        WHERE as_of = (SELECT max(as_of) FROM standing)
          AND EXTRACT(month FROM CAST(:today AS date)) <> ALL (:off_season)
        GROUP BY as_of
        HAVING bool_and(agrees IS NULL) OR as_of < CAST(:today AS date) - 1
        """,
        table="ncaa_standings",
    ),
    Check(
        "today_is_fresh",
        f"Today was fetched in the last {STALE_AFTER.total_seconds() / 60:.0f} minutes, regardless of backfills.",
        """
        SELECT
            'WARN' AS severity,
            format('today, %s, was %s', CAST(:today AS date),
                coalesce('last fetched at ' || max(fetched_at), 'never fetched')) AS finding,
            CAST(:today AS date) AS game_date
        FROM scoreboard
        WHERE game_date = CAST(:today AS date)
        HAVING coalesce(
            max(fetched_at) NOT BETWEEN CAST(:now AS timestamptz) - CAST(:stale_after AS interval)
                AND CAST(:now AS timestamptz) + INTERVAL '60 seconds',  -- a clock went back
            TRUE
        )
        """,
    ),
)


class Finding(NamedTuple):
    """A row of a check's query."""

    severity: str
    text: str
    game_date: dt.date | None


def check_specs() -> list[dg.AssetCheckSpec]:
    """Returns one spec per check, on the table that it is about."""
    return [dg.AssetCheckSpec(check.name, asset=check.table, description=check.description) for check in CHECKS]


@dg.multi_asset_check(
    specs=check_specs(),
    can_subset=True,
    retry_policy=RETRIES,
)
async def table_checks(  # type: ignore[no-untyped-def]  # Dagster takes no annotation for an async generator
    context: dg.AssetCheckExecutionContext, database: dg.ResourceParam[Database]
):
    """Evaluates the checks of the tables, or those that are selected."""
    selected = {key.name for key in context.selected_asset_check_keys}
    for result in await run_checks(database, await database.now(), selected):
        yield result


async def run_checks(
    database: Database, now: dt.datetime, names: Collection[str] | None = None
) -> list[dg.AssetCheckResult]:
    """Evaluates the checks, or those with the given names, as of an aware moment."""
    async with database.get_session() as session:
        connection = await session.connection()
        decisions = await read_decisions(connection, MENS_BASKETBALL, eastern_date(now))
        return [
            _result(check, await _findings(connection, check, now), decisions)
            for check in CHECKS
            if names is None or check.name in names
        ]


async def open_findings(database: Database, now: dt.datetime) -> list[Finding]:
    """Returns what all checks find, without findings that a person accepted."""
    async with database.get_session() as session:
        connection = await session.connection()
        decisions = await read_decisions(connection, MENS_BASKETBALL, eastern_date(now))
        return [
            finding
            for check in CHECKS
            for finding in await _findings(connection, check, now)
            if not any(decision.accepts(check.name, finding.game_date) for decision in decisions)
        ]


async def findings_about(database: Database, game_date: dt.date, now: dt.datetime) -> list[str]:
    """Returns what the checks find about the newest answer of a date, without findings that a person accepted."""
    async with database.get_session() as session:
        connection = await session.connection()
        decisions = await read_decisions(connection, MENS_BASKETBALL, eastern_date(now))
        return [
            finding.text
            for check in CHECKS
            if check.is_about_answers
            for finding in await _findings(connection, check, now, game_date)
            if not any(decision.accepts(check.name, game_date) for decision in decisions)
        ]


async def _findings(
    connection: AsyncConnection, check: Check, now: dt.datetime, game_date: dt.date | None = None
) -> list[Finding]:
    parameters = {
        "now": now,
        "today": eastern_date(now),
        "conferences": list(conferences()),
        "stale_after": STALE_AFTER,
        "off_season": sorted(MENS_BASKETBALL.off_season),
        "unresolved_days": UNRESOLVED_DAYS,
        "details_days": DETAILS_DAYS,
        "game_date": game_date,
    }
    of_a_date = f"SELECT * FROM ({check.query}) AS finding WHERE game_date = :game_date"  # noqa: S608
    query = sa.text(check.query if game_date is None else of_a_date)
    used = {name: parameters[name] for name in query.compile().params}
    return [Finding(*row) for row in await connection.execute(query, used)]


def _result(check: Check, findings: Sequence[Finding], decisions: Sequence[Decision]) -> dg.AssetCheckResult:
    accepted = {
        finding: decision
        for finding in findings
        for decision in decisions
        if decision.accepts(check.name, finding.game_date)
    }
    open_findings = [finding for finding in findings if finding not in accepted]
    shown = [finding.text for finding in open_findings[:SHOWN]]
    more = f"; and {len(open_findings) - SHOWN} more" if len(open_findings) > SHOWN else ""
    return dg.AssetCheckResult(
        asset_key=check.table,
        check_name=check.name,
        passed=not open_findings,
        severity=dg.AssetCheckSeverity.ERROR
        if any(finding.severity == "ERROR" for finding in open_findings)
        else dg.AssetCheckSeverity.WARN,
        description=("; ".join(shown) + more).rstrip(".") + "." if open_findings else "Passed.",
        metadata={"findings": len(open_findings), **_accepted_metadata(accepted)},
    )


def _accepted_metadata(accepted: Mapping[Finding, Decision]) -> dict[str, dg.MetadataValue]:
    if not accepted:
        return {}
    reasons = [f"{finding.text}: {decision.because} ({decision.created_by})" for finding, decision in accepted.items()]
    return {
        "findings_accepted": dg.MetadataValue.int(len(accepted)),
        "accepted": dg.MetadataValue.text("\n".join(reasons)),
    }
