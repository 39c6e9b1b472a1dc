"""Checks of the tables over their whole history. Wrong data is an error, late data a warning.

They run every hour and after changed rows, in runs of their own, so that they report also that no date was loaded. What
they find about a date is reported by the run that loads it, too.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from models.reference import conferences
from pipelines.cadence import DETAILS_DAYS, STALE_AFTER
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.sessions import Database
from pipelines.runtime.retries import RETRIES
from pipelines.seasons import eastern_date, season_of
from pipelines.warehouse.resolutions import UNRESOLVED_DAYS, Decision, read_decisions

SHOWN = 5


class Check(NamedTuple):
    """A check. `findings/<name>.sql` queries what violates it.

    Its rows are `severity` (ERROR or WARN), `finding`, and the `game_date` by which a person can accept the finding.
    """

    name: str
    description: str
    table: str = "fact_game"
    """The table or asset in the catalog that shows the check."""
    is_about_answers: bool = False
    """Whether a finding tells what is wrong with the newest answer of its date: the run that loads it reports it."""


CHECKS = (
    Check(
        "scoreboard_is_complete",
        "Each date up to today has as many games as the season's calendar says, and its calendar is known.",
        is_about_answers=True,
    ),
    Check(
        "no_rejected_games", "Every game of every scoreboard is readable.", table="rejected_game", is_about_answers=True
    ),
    Check("fields_are_readable", "Every value that decorates a game could be read.", is_about_answers=True),
    Check("no_suspect_games", "No evidence contradicts a game as it stands.", is_about_answers=True),
    Check(
        "no_unexplained_withdrawals",
        "No game was withdrawn in the last days, and no final game ever, unless another game of its teams replaced it.",
        is_about_answers=True,
    ),
    Check(
        "no_unresolved_games",
        f"No game is still live two days after its date, or still scheduled more than {UNRESOLVED_DAYS} days after.",
        is_about_answers=True,
    ),
    Check(
        "newest_answers_are_loaded",
        "The newest answer about each date is loaded: it was not older than the one before.",
        is_about_answers=True,
    ),
    Check(
        "answers_are_archived",
        "The answers of the last day, and the newest about each date, are in the archive.",
        table="archive",
    ),
    Check("clocks_agree", "No moment of an answer lies ahead of the database's clock.", is_about_answers=True),
    Check("requested_dates_are_loaded", "Every past date that was requested is loaded, and its last run did not fail."),
    Check(
        "past_games_are_settled",
        "Two days after its games, a date is loaded, its games are over, and it was re-checked for corrections.",
    ),
    Check("scores_are_plausible", "Final games have a winner and plausible scores."),
    Check(
        "games_have_venues",
        f"Each final game of the last {DETAILS_DAYS} days has details with a venue, a day after it was played.",
        table="game_detail",
    ),
    Check(
        "points_add_up",
        "The points of a game's periods add up to its score, and it has as many overtimes as its scoreboard says.",
        table="game_detail",
    ),
    Check(
        "venues_have_one_spelling",
        "No two venues of a city differ in punctuation or capitals alone (models/reference/venue_aliases.csv).",
        table="dim_venue",
    ),
    Check(
        "teams_have_conferences",
        "Teams that play a Division I season have a known conference (models/reference).",
        table="dim_team",
    ),
    Check(
        "facts_match_seasons",
        "Games refer to teams of their season, rivalry follows their conferences, and each team has one current row.",
    ),
    Check(
        "records_agree_with_standings",
        "Each team's record equals the one in the NCAA's standings.",
        table="ncaa_standings",
    ),
    Check(
        "standings_are_compared",
        "In the season, the newest standings are of today or yesterday, and were compared with the games.",
        table="ncaa_standings",
    ),
    Check(
        "today_is_fresh",
        f"Today was fetched in the last {STALE_AFTER.total_seconds() / 60:.0f} minutes, regardless of backfills.",
    ),
)


@cache
def _read_sql(name: str) -> str:
    return files("pipelines.assets").joinpath("findings", f"{name}.sql").read_text(encoding="utf-8")


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


async def open_findings(database: Database, now: dt.datetime, about: dt.date | None = None) -> list[Finding]:
    """Returns what all checks find, or those `about` the newest answer of a date, unless a person accepted it."""
    async with database.get_session() as session:
        connection = await session.connection()
        decisions = await read_decisions(connection, MENS_BASKETBALL, eastern_date(now))
        return [
            finding
            for check in CHECKS
            if about is None or check.is_about_answers
            for finding in await _findings(connection, check, now, about)
            if not any(decision.accepts(check.name, finding.game_date) for decision in decisions)
        ]


async def _findings(
    connection: AsyncConnection, check: Check, now: dt.datetime, game_date: dt.date | None = None
) -> list[Finding]:
    parameters = {
        "now": now,
        "today": eastern_date(now),
        "season": season_of(eastern_date(now)),
        "conferences": list(conferences()),
        "stale_after": STALE_AFTER,
        "off_season": sorted(MENS_BASKETBALL.off_season),
        "unresolved_days": UNRESOLVED_DAYS,
        "details_days": DETAILS_DAYS,
        "game_date": game_date,
    }
    findings = _read_sql(check.name)
    of_a_date = f"SELECT * FROM ({findings}) AS finding WHERE game_date = :game_date"  # noqa: S608
    query = sa.text(findings if game_date is None else of_a_date)
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
