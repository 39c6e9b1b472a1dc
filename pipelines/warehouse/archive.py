"""Keeps raw answers: each distinct body once, and when it was seen. docs/architecture.md, "The archive"."""

import datetime as dt
import gzip
import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import asyncpg
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlmodel.ext.asyncio.session import AsyncSession

from models.turns import LOAD_TURN, take_turn
from pipelines.errors import ArchiveError, DatabaseError, NcaaApiError
from pipelines.ncaa.raw import RawAnswer, content_hash
from pipelines.postgres.sessions import Database
from pipelines.warehouse.load import LoadReport
from pipelines.warehouse.sql import read_sql

if TYPE_CHECKING:
    DriverConnection = asyncpg.Connection[Any]

REFUSED_BYTES: Final = 256 * 2**10
"""How much is kept of a refused body: more than a scoreboard of 170 games has."""
REFUSED_SPELLS: Final = 10
"""How many spells of refused answers are kept of a date or season: the newest."""
REFUSED_IN_ALL: Final = 1_000
"""How many spells of refused answers are kept of all dates and seasons, when the archive is pruned."""
REASON_CHARACTERS: Final = 500

_DELETE_ORPHANS: Final = sa.text(
    "DELETE FROM archive.body WHERE NOT EXISTS (SELECT FROM archive.sighting WHERE sighting.sha256 = body.sha256)"
)
_UNARCHIVED: Final = sa.text("UPDATE scoreboard SET unarchived_at = :moment WHERE sport = :sport AND game_date = :date")

Endpoint = Literal["scoreboard", "calendar", "standings", "details"]
Outcome = Literal["loaded", "stale", "refused"]


class Question(NamedTuple):
    """What an answer was the answer to."""

    sport: str
    endpoint: Endpoint
    subject: str
    """The US Eastern date, of standings the one on which they were fetched; the season of a calendar; or the contest id
    of details."""


def prune_archive(connection: Connection, now: dt.datetime, days: int) -> int:
    """Deletes spells that ended more than `days` ago, and bodies without spells; the caller commits.

    The last loaded answer about each date and season is kept for ever. Returns the number of spells deleted.
    """
    connection.execute(sa.text(take_turn(LOAD_TURN)))  # a load would refer to a body that is being deleted
    values = {"before": now - dt.timedelta(days=days), "refused": REFUSED_IN_ALL}
    deleted = connection.execute(sa.text(read_sql("prune_archive")), values).rowcount
    connection.execute(_DELETE_ORPHANS)
    return deleted


async def begin(session: AsyncSession) -> "DriverConnection":
    """Begins the session's transaction and returns the driver's connection."""
    await (await session.connection()).execute(sa.text("SELECT 1"))  # the adapter begins it with the first statement
    return await _driver_connection(session)


async def _driver_connection(session: AsyncSession) -> "DriverConnection":
    raw = await (await session.connection()).get_raw_connection()
    connection: DriverConnection = raw.driver_connection  # type: ignore[assignment]
    return connection


async def keep(
    session: AsyncSession,
    question: Question,
    answer: RawAnswer,
    outcome: Outcome,
    *,
    is_required: bool,
    begins_spell: bool = False,
    games_expected: int | None = None,
    updated_at: dt.datetime | None = None,
    reason: str | None = None,
) -> str | None:
    """Archives an answer in the session's transaction; the caller commits. Returns why it could not be archived, if so.

    Raises:
        PostgresError: `is_required`, and it could not be archived. Otherwise the transaction goes on.
    """
    connection = await _driver_connection(session)
    body = answer.body[:REFUSED_BYTES] if outcome == "refused" else answer.body
    values = (
        *question,
        content_hash(body),
        outcome,
        _text(reason),
        answer.status,
        json.dumps(dict(answer.headers)),
        answer.source_url,
        answer.is_simulated,
        games_expected,
        answer.fetched_at,
        updated_at,
    )
    if not is_required:
        await connection.execute("SAVEPOINT archive")  # the commit releases it: one statement less
    try:
        await _keep(connection, body, values, begins_spell=begins_spell)
    except asyncpg.PostgresError as error:
        if is_required:
            raise
        await connection.execute("ROLLBACK TO SAVEPOINT archive")
        return f"The answer of {answer.source_url} was not archived: {error}."
    return None


async def keep_loaded(
    session: AsyncSession,
    question: Question,
    answer: RawAnswer,
    report: LoadReport,
    *,
    games_expected: int | None,
    updated_at: dt.datetime | None,
    is_required: bool,
) -> None:
    """Archives the answer that the session's transaction loaded, or records on `scoreboard` that it could not.

    An answer that changed tables begins a spell, even where it equals the one before it, as when it confirms a
    contradiction or a person's decision has ended: a replay then changes them at the same moment.

    Raises:
        PostgresError: `is_required`, and it could not be archived.
    """
    outcome: Outcome = "stale" if report.is_stale else "loaded"
    failure = await keep(
        session,
        question,
        answer,
        outcome,
        is_required=is_required,
        begins_spell=bool(report.tables_changed),
        games_expected=games_expected,
        updated_at=updated_at,
    )
    if failure is not None:
        values = {"sport": question.sport, "date": dt.date.fromisoformat(question.subject), "moment": answer.fetched_at}
        await (await session.connection()).execute(_UNARCHIVED, values)


async def _keep(connection: "DriverConnection", body: bytes, values: Sequence[object], *, begins_spell: bool) -> None:
    if begins_spell or await connection.fetchval(read_sql("keep_unchanged"), *values) is None:
        compressed = gzip.compress(body, 3, mtime=0)  # 6 takes four times as long for 12 % less, 9 eighteen times
        await connection.execute(read_sql("keep_changed"), *values, compressed, REFUSED_SPELLS)


def _text(reason: str | None) -> str | None:
    return None if reason is None else reason.replace("\0", "�")[:REASON_CHARACTERS]


async def keep_refused(
    database: Database, question: Question, error: NcaaApiError, games_expected: int | None = None
) -> None:
    """Archives the answer that `error` refused, if there was one, in a transaction of its own.

    Raises:
        DatabaseError: the setting `ARCHIVE_REQUIRED` is on, and it could not be archived.
    """
    if error.answer is None:
        return
    try:
        async with database.get_session() as session:
            await begin(session)
            await keep(
                session,
                question,
                error.answer,
                "refused",
                is_required=True,
                games_expected=games_expected,
                reason=str(error),
            )
    except DatabaseError:
        if database.is_archive_required:
            raise


class Spell(NamedTuple):
    """A run of equal answers, as table `archive.sighting` has it."""

    sighting_id: int
    question: Question
    sha256: bytes
    outcome: Outcome
    reason: str | None
    source_url: str
    is_simulated: bool
    games_expected: int | None
    answers: int
    first_fetched_at: dt.datetime
    last_fetched_at: dt.datetime
    first_updated_at: dt.datetime | None
    last_updated_at: dt.datetime | None
    first_recorded_at: dt.datetime
    last_recorded_at: dt.datetime

    @property
    def date(self) -> dt.date:
        """The game date of a scoreboard, or the morning of standings."""
        return dt.date.fromisoformat(self.question.subject)


async def read_spells(
    connection: "DriverConnection", sport: str, endpoint: Endpoint, subjects: Collection[str]
) -> list[Spell]:
    """Returns the spells of these subjects in the order of loads; but for details, those with status 200."""
    records = await connection.fetch(read_sql("read_spells"), sport, endpoint, list(subjects))
    return [
        Spell(sighting_id, Question(sport, endpoint, subject), *values)
        for sighting_id, subject, *values in (record.values() for record in records)
    ]


async def read_bodies(connection: "DriverConnection", spells: Sequence[Spell]) -> list[bytes]:
    """Returns the bodies of spells.

    Raises:
        ArchiveError: one is missing or corrupt.
    """
    query = "SELECT sha256, content FROM archive.body WHERE sha256 = ANY ($1::bytea[])"
    contents = dict(await connection.fetch(query, list({spell.sha256 for spell in spells})))
    return [_decompress(spell, contents.get(spell.sha256)) for spell in spells]


def _decompress(spell: Spell, content: bytes | None) -> bytes:
    name = (
        f"Body {spell.sha256.hex()} of the archive, the {spell.question.endpoint} of {spell.question.subject} first "
        f"fetched at {spell.first_fetched_at}"
    )
    if content is None:
        raise ArchiveError(f"{name}, is missing: restore it from a backup.")
    try:
        body = gzip.decompress(content)
    except (OSError, EOFError, ValueError) as error:
        raise ArchiveError(f"{name}, is corrupt ({error}): restore it from a backup.") from None
    if content_hash(body) != spell.sha256:
        raise ArchiveError(f"{name}, is corrupt (its hash differs): restore it from a backup.")
    return body
