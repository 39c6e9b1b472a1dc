"""The asset `ncaa_games`: fetches and loads game dates."""

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress

import dagster as dg
from structlog.stdlib import BoundLogger

from models.reference import conferences
from pipelines.assets.checks import open_findings
from pipelines.assets.preview import scoreboard_markdown
from pipelines.assets.source_code import source_code
from pipelines.assets.tables import table_materializations
from pipelines.cadence import FAILED_AFTER, STALE_AFTER
from pipelines.errors import DatabaseError, GamePulseError
from pipelines.ingest import IngestedDate, ingest_dates
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.partitions import game_dates
from pipelines.postgres.sessions import Database
from pipelines.runtime.failures import failed_dates_metadata, findings_metadata
from pipelines.runtime.replay import replay_dates
from pipelines.runtime.retries import RETRIES, record
from pipelines.runtime.runs import REPLAY_TAG, requester
from pipelines.warehouse.requested_dates import record_outcomes, request_dates


@dg.asset(
    partitions_def=game_dates,
    group_name="data_ingestion",
    deps=["archive"],
    kinds={"python", "postgres"},
    owners=["team:gamepulse"],
    metadata={**source_code(__file__), "newest_games": dg.MetadataValue.asset(dg.AssetKey("fact_game"))},
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=FAILED_AFTER, warn_window=STALE_AFTER),
    retry_policy=RETRIES,
    output_required=False,  # dates are reported one by one, since some may fail, and at once: see `ingest_each`
)
async def ncaa_games(  # type: ignore[no-untyped-def]  # Dagster takes no annotation for an async generator
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    event_log: dg.ResourceParam[BoundLogger],
    ncaa_api: dg.ResourceParam[NcaaClient],
):
    """Every NCAA men's Division I basketball game of a date: teams, tip-off, state and score.

    One row per game in fact_game, one row per team and season in dim_team. A partition is a US Eastern game date;
    materializing it again updates the games that changed and writes nothing else.

    The page of fact_game shows today's games; those of another date are under Partitions.

    Games are played from November to early April. The partitions of the summers stay empty, so that a complete history
    fills less than half of the partitions.
    """
    done = materialized_by(context)
    dates = [dt.date.fromisoformat(key) for key in context.partition_keys if key not in done]
    failures: dict[dt.date, GamePulseError] = {}
    changed: set[str] = set()
    is_replay = REPLAY_TAG in context.run.tags
    if is_replay:
        loads = replay_dates(dates, MENS_BASKETBALL, database)
    else:
        loads = ingest_dates(dates, MENS_BASKETBALL, ncaa_api, database, event_log)
        try:
            await _record_request(context, database, dates)
        except DatabaseError as error:
            raise failure_of(dict.fromkeys(dates, error), context.retry_number) from None
    async with aclosing(loads) as outcomes:
        async for game_date, outcome in outcomes:
            if isinstance(outcome, GamePulseError):
                failures[game_date] = outcome
            else:
                changed |= outcome.report.tables_changed
                findings = await _findings(game_date, outcome, database, event_log)
                record(context, _materialization(context.asset_key, game_date, outcome, findings))
    if not is_replay and any(isinstance(error, DatabaseError) for error in failures.values()):
        with suppress(DatabaseError):  # it may be back
            await _record_outcomes(database, dates, failures)
    else:
        if not is_replay:
            await _record_outcomes(database, dates, failures)
        for event in await table_materializations(database, changed):
            yield event
    if failures:
        raise failure_of(failures, context.retry_number)


async def _record_request(context: dg.AssetExecutionContext, database: Database, dates: list[dt.date]) -> None:
    async with database.get_session() as session:
        connection = await session.connection()
        await connection.run_sync(request_dates, MENS_BASKETBALL.sport, dates, requester(context.run))


async def _record_outcomes(
    database: Database, dates: list[dt.date], failures: Mapping[dt.date, GamePulseError]
) -> None:
    outcomes = {date: failures.get(date) for date in dates}
    async with database.get_session() as session:
        await (await session.connection()).run_sync(record_outcomes, MENS_BASKETBALL.sport, outcomes)


def failure_of(failures: Mapping[dt.date, GamePulseError], retries: int) -> dg.Failure:
    """Returns a failure that names each date and its reason, retryable when one of the errors is.

    `retries` counts the retries so far: after the last one Dagster would show "Exceeded max_retries" instead.
    """
    return dg.Failure(
        "\n".join(f"{date}: {error}" for date, error in sorted(failures.items())),
        metadata=failed_dates_metadata(failures),
        allow_retries=retries < RETRIES.max_retries and any(error.retryable for error in failures.values()),
    )


def materialized_by(context: dg.AssetExecutionContext) -> set[str]:
    """Returns the partitions that an earlier attempt of this run loaded."""
    if context.retry_number == 0:
        return set()
    records = context.instance.get_records_for_run(
        context.run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    return {record.event_log_entry.get_dagster_event().partition or "" for record in records.records}


def _unknown_conferences(scoreboard: ParsedScoreboard) -> dict[str, dg.MetadataValue]:
    """Lists conferences that `models/reference` lacks: of other divisions, or a known one under a new slug."""
    lines = (line for game in scoreboard.games for line in (game.home, game.away))
    unknown = sorted({line.conference_id for line in lines if line.conference_id} - conferences())
    return {"unknown_conferences": dg.MetadataValue.text(", ".join(unknown))} if unknown else {}


async def _findings(game_date: dt.date, outcome: IngestedDate, database: Database, event_log: BoundLogger) -> list[str]:
    """Returns what is wrong with the answer as it was loaded, and logs it as a warning."""
    if not outcome.has_findings:
        return []
    findings = [finding.text for finding in await open_findings(database, await database.now(), about=game_date)]
    if findings:
        # An evening's answer loaded months later has one per game; the materialization has them all.
        event_log.warning(
            "ncaa_games_findings", partition=game_date.isoformat(), findings=findings[:10], findings_total=len(findings)
        )
    return findings


def _materialization(
    key: dg.AssetKey, game_date: dt.date, outcome: IngestedDate, findings: Sequence[str]
) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        asset_key=key,
        partition=game_date.isoformat(),
        metadata={
            "scoreboard": dg.MetadataValue.md(scoreboard_markdown(outcome.scoreboard)),
            **findings_metadata(findings),
            **outcome.report.counts(),
            "is_stale": outcome.report.is_stale,
            **_unknown_conferences(outcome.scoreboard),
            "source_url": dg.MetadataValue.url(outcome.scoreboard.source_url),
        },
    )
