"""The asset `ncaa_standings`: each team's record by the NCAA, compared with ours."""

import datetime as dt
from collections import Counter

import dagster as dg
from structlog.stdlib import BoundLogger

from pipelines.assets.ncaa_games import failure_of, materialized_by
from pipelines.assets.source_code import source_code
from pipelines.errors import GamePulseError, NcaaApiError, NotInArchiveError
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.raw import RawAnswer
from pipelines.ncaa.standings import Standings, StandingsResponse, parse_standings
from pipelines.partitions import game_dates
from pipelines.postgres.sessions import Database
from pipelines.runtime.failures import findings_metadata
from pipelines.runtime.retries import RETRIES
from pipelines.seasons import eastern_date
from pipelines.warehouse.archive import Question, begin, keep, keep_refused, read_bodies, read_spells
from pipelines.warehouse.standings import Audit, load_standings


@dg.asset(
    partitions_def=game_dates,
    group_name="data_ingestion",
    deps=["ncaa_api", "ncaa_games"],
    kinds={"python", "postgres"},
    owners=["team:gamepulse"],
    metadata=source_code(__file__),
    retry_policy=RETRIES,
    output_required=False,  # dates are reported one by one, because some may fail
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
    failures: dict[dt.date, GamePulseError] = {}
    for key in context.partition_keys:
        if key in done:
            continue
        as_of, events = dt.date.fromisoformat(key), event_log.bind(partition=key)
        try:
            standings, answer = await _standings_of(as_of, database, ncaa_api)
            async with database.get_session() as session:
                audit = await load_standings(session, MENS_BASKETBALL, as_of, standings)
                if answer is not None:
                    required = database.is_archive_required
                    failure = await keep(session, _question(as_of), answer, "loaded", is_required=required)
                    if failure is not None:
                        events.warning("ncaa_standings_not_archived", error=failure)
        except GamePulseError as error:
            events.error("ncaa_standings_asset_failed", error=str(error))
            failures[as_of] = error
            continue
        findings = [finding.finding for finding in audit.findings]
        events.info("ncaa_standings_asset_completed", teams=audit.schools, teams_agreed=audit.agreed, findings=findings)
        yield _materialization(context.asset_key, standings, audit)
    if failures:
        raise failure_of(failures, context.retry_number)


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


async def _standings_of(as_of: dt.date, database: Database, ncaa_api: NcaaClient) -> tuple[Standings, RawAnswer | None]:
    """Returns the standings of a date, and the answer unless it comes from the archive, as on another date than today.

    Raises:
        NotInArchiveError: the date is not today, and the archive has no page of it.
    """
    today = eastern_date(await database.now())
    if as_of != today:
        return parse_standings(await _archived(as_of, today, database)), None
    response = None
    try:
        response = await ncaa_api.standings(MENS_BASKETBALL)
        return parse_standings(response), response.raw
    except NcaaApiError as error:
        if response is not None:
            error.answer = response.raw
        await keep_refused(database, _question(as_of), error)
        raise


async def _archived(as_of: dt.date, today: dt.date, database: Database) -> StandingsResponse:
    async with database.get_session() as session:
        connection = await begin(session)
        spells = await read_spells(connection, MENS_BASKETBALL.sport, "standings", [as_of.isoformat()])
        if not (loaded := [spell for spell in spells if spell.outcome == "loaded"]):
            raise NotInArchiveError(
                f"The NCAA serves only current standings, and none of {as_of} were kept: materialize {today}."
            )
        [body] = await read_bodies(connection, loaded[-1:])
    last = loaded[-1]
    return StandingsResponse(body, last.last_fetched_at, last.source_url, last.is_simulated)


def _question(as_of: dt.date) -> Question:
    return Question(MENS_BASKETBALL.sport, "standings", as_of.isoformat())
