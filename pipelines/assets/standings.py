"""The asset `ncaa_standings`: each team's record by the NCAA, compared with ours."""

import datetime as dt
from collections import Counter
from contextlib import aclosing

import dagster as dg
from structlog.stdlib import BoundLogger

from pipelines.assets.ncaa_games import failure_of, materialized_by
from pipelines.assets.source_code import source_code
from pipelines.errors import GamePulseError
from pipelines.ingest import IngestedStandings, ingest_each, ingest_standings
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.standings import Standings
from pipelines.partitions import game_dates
from pipelines.postgres.sessions import Database
from pipelines.runtime.failures import findings_metadata
from pipelines.runtime.retries import RETRIES, record
from pipelines.warehouse.standings import Audit


@dg.asset(
    partitions_def=game_dates,
    group_name="data_ingestion",
    deps=["ncaa_api", "ncaa_games"],
    kinds={"python", "postgres"},
    owners=["team:gamepulse"],
    metadata=source_code(__file__),
    retry_policy=RETRIES,
    output_required=False,  # dates are reported one by one, since some may fail, and at once: see `ingest_each`
)
async def ncaa_standings(  # type: ignore[no-untyped-def]  # Dagster takes no annotation for an async generator
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    event_log: dg.ResourceParam[BoundLogger],
    ncaa_api: dg.ResourceParam[NcaaClient],
):
    """The NCAA's standings as of a morning, one row per team in standing, and how they differ from our games.

    A partition is the US Eastern date on which the page was fetched. The NCAA serves only today's; an earlier one comes
    from the archive, or fails. Each record is compared with that of team_record. Differences are rows of discrepancy.
    """
    done = materialized_by(context)
    mornings = [dt.date.fromisoformat(key) for key in context.partition_keys if key not in done]
    failures: dict[dt.date, GamePulseError] = {}

    async def ingest(as_of: dt.date, events: BoundLogger) -> IngestedStandings:
        ingested = await ingest_standings(as_of, MENS_BASKETBALL, ncaa_api, database)
        if ingested.not_archived is not None:
            events.warning("ncaa_standings_not_archived", error=ingested.not_archived)
        audit, findings = ingested.audit, [finding.finding for finding in ingested.audit.findings]
        events.info("ncaa_standings_asset_completed", teams=audit.schools, teams_agreed=audit.agreed, findings=findings)
        return ingested

    loads = ingest_each("ncaa_standings", ingest, mornings, 1, ncaa_api, database, event_log)
    async with aclosing(loads) as outcomes:
        async for as_of, outcome in outcomes:
            if isinstance(outcome, GamePulseError):
                failures[as_of] = outcome
            else:
                record(context, _materialization(context.asset_key, outcome.standings, outcome.audit))
    if failures:
        raise failure_of(failures, context.retry_number)
    return
    yield  # a function that returns None would materialize all partitions


def _materialization(key: dg.AssetKey, standings: Standings, audit: Audit) -> dg.AssetMaterialization:
    reasons = Counter(audit.not_compared.values())
    return dg.AssetMaterialization(
        asset_key=key,
        partition=audit.as_of.isoformat(),
        metadata={
            "teams": audit.schools,
            "teams_agreed": audit.agreed,
            "teams_not_compared": len(audit.not_compared),
            "not_compared": "\n".join(f"{count}: {reason}" for reason, count in reasons.items()),
            **findings_metadata([finding.finding for finding in audit.findings]),
            "covers": audit.covers.isoformat(),
            "page_updated_at": dg.MetadataValue.timestamp(standings.updated_at),
            "source_url": dg.MetadataValue.url(standings.source_url),
        },
    )
