"""The asset `coverage_report`: the page of `gamepulse report`, written each morning."""

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import dagster as dg
import sqlalchemy as sa
from sqlalchemy import Connection

from pipelines.assets.checks import open_findings
from pipelines.assets.source_code import source_code
from pipelines.errors import ConfigurationError, GamePulseError
from pipelines.health.report import Agreement, Day, read_agreements, read_days, report_html, seasons, seasons_markdown
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.sessions import Database
from pipelines.runtime.retries import RETRIES


class Report(NamedTuple):
    """A report that was written."""

    file: Path
    dates: int
    findings: int
    markdown: str
    """The table of seasons without the heat map."""


@dg.asset(
    group_name="reports",
    deps=["ncaa_standings"],
    kinds={"python", "html"},
    owners=["team:gamepulse"],
    metadata=source_code(__file__),
    retry_policy=RETRIES,
)
async def coverage_report(
    context: dg.AssetExecutionContext, database: dg.ResourceParam[Database], coverage_file: dg.ResourceParam[Path]
) -> dg.MaterializeResult[None]:
    """What is loaded, settled, missing and confirmed by the standings of each season, as one static HTML file.

    Written each morning after the standings were compared, to coverage.html in GAMEPULSE_HOME, and at any time by
    gamepulse report.
    """
    try:
        report = await write_report(database, coverage_file, "Set GAMEPULSE_HOME to a folder that can be written.")
    except GamePulseError as error:
        allow_retries = error.retryable and context.retry_number < RETRIES.max_retries
        raise dg.Failure(str(error), allow_retries=allow_retries) from error
    return dg.MaterializeResult(
        metadata={
            "file": dg.MetadataValue.path(report.file),
            "findings_open": report.findings,
            "seasons": dg.MetadataValue.md(report.markdown),
        }
    )


async def write_report(database: Database, file: Path, advice: str) -> Report:
    """Runs the checks and writes the page, replacing an existing one.

    Raises:
        ConfigurationError: the file cannot be written; the message ends with the advice.
        DatabaseError: the database cannot be used.
    """
    now = await database.now()
    findings = Counter(finding.game_date for finding in await open_findings(database, now))
    async with database.get_session() as session:
        days, agreements, is_simulated = await (await session.connection()).run_sync(_read, findings)
    others = findings.total() - sum(day.findings for day in days)
    page = report_html(days, agreements, others, now, is_simulated=is_simulated)
    return Report(
        _written(file, page, advice), len(days), findings.total(), seasons_markdown(seasons(days, agreements, now))
    )


def _read(connection: Connection, findings: Counter[dt.date | None]) -> tuple[list[Day], dict[int, Agreement], bool]:
    sport = MENS_BASKETBALL.sport
    is_simulated = connection.scalar(sa.text("SELECT bool_or(is_simulated) FROM scoreboard"))
    return read_days(connection, sport, findings), read_agreements(connection, sport), bool(is_simulated)


def _written(file: Path, page: str, advice: str) -> Path:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}. {advice}") from None
    return file.absolute()
