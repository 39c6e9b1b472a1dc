"""The asset `ncaa_standings`: each team's record by the NCAA, compared with ours."""

import datetime as dt
from collections import Counter

import dagster as dg
from structlog.stdlib import BoundLogger

from pipelines.assets.ncaa_games import failure_of
from pipelines.assets.source_code import source_code
from pipelines.errors import GamePulseError, NotInArchiveError
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.standings import Standings, parse_standings
from pipelines.partitions import game_dates
from pipelines.postgres.sessions import Database
from pipelines.runtime.failures import findings_metadata
from pipelines.runtime.retries import RETRIES
from pipelines.seasons import eastern_date
from pipelines.warehouse.standings import Audit, load_standings


@dg.asset(
    partitions_def=game_dates,
    group_name="data_ingestion",
    deps=["ncaa_api", "ncaa_games"],
    kinds={"python", "postgres"},
    owners=["team:gamepulse"],
    metadata=source_code(__file__),
    retry_policy=RETRIES,
)
async def ncaa_standings(
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    event_log: dg.ResourceParam[BoundLogger],
    ncaa_api: dg.ResourceParam[NcaaClient],
) -> dg.MaterializeResult[None]:
    """The NCAA's standings as of a morning, one row per team in standing, and how they differ from our games.

    A partition is the US Eastern date on which the page was fetched; the NCAA serves only today's. Each record is
    compared with that of team_record. Differences are rows of discrepancy.
    """
    as_of = dt.date.fromisoformat(context.partition_key)
    try:
        standings = await _standings_of(as_of, database, ncaa_api)
        async with database.get_session() as session:
            audit = await load_standings(session, MENS_BASKETBALL, as_of, standings)
    except GamePulseError as error:
        event_log.error("ncaa_standings_asset_failed", partition=context.partition_key, error=str(error))
        raise failure_of({as_of: error}, context.retry_number) from None
    findings = [finding.finding for finding in audit.findings]
    event_log.info(
        "ncaa_standings_asset_completed",
        partition=context.partition_key,
        teams=audit.schools,
        teams_agreed=audit.agreed,
        findings=findings,
    )
    return dg.MaterializeResult(
        metadata={
            "teams": audit.schools,
            "teams_agreed": audit.agreed,
            "teams_not_compared": len(audit.not_compared),
            **_not_compared(audit),
            **findings_metadata(findings),
            "covers": audit.covers.isoformat(),
            "page_updated_at": dg.MetadataValue.timestamp(standings.updated_at),
            "source_url": dg.MetadataValue.url(standings.source_url),
        }
    )


async def _standings_of(as_of: dt.date, database: Database, ncaa_api: NcaaClient) -> Standings:
    """Returns the standings of a date. Raw answers of other dates than today will come from the archive here.

    Raises:
        NotInArchiveError: the date is not today.
    """
    today = eastern_date(await database.now())
    if as_of != today:
        raise NotInArchiveError(
            f"The NCAA serves only current standings, and none of {as_of} were kept: materialize {today}."
        )
    return parse_standings(await ncaa_api.standings(MENS_BASKETBALL))


def _not_compared(audit: Audit) -> dict[str, dg.MetadataValue]:
    reasons = Counter(audit.not_compared.values())
    return {"not_compared": dg.MetadataValue.text("\n".join(f"{count}: {reason}" for reason, count in reasons.items()))}
