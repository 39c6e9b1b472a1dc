"""The archive of raw answers, in a schema of its own: what the source said. The other tables are what we made of it."""

import datetime as dt
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

ARCHIVE_SCHEMA: Final = "archive"


class ArchivedBody(SQLModel, table=True):
    """One row per distinct body, whatever it was the answer to.

    Bodies that differ only in the scoreboard's envelope (`updated_at`, `inputMD5Sum`, `instanceId`) are one; the first
    is kept.
    """

    __tablename__ = "body"
    __table_args__ = ({"schema": ARCHIVE_SCHEMA},)

    sha256: bytes = Field(
        sa_type=LargeBinary, primary_key=True, description="SHA-256 of the body without the values of its envelope."
    )
    content: bytes = Field(sa_type=LargeBinary, description="The body, compressed with gzip.")


class Sighting(SQLModel, table=True):
    """One row per uninterrupted run of equal answers to the same question, a spell: A, B, A are three.

    An equal answer that changed tables begins one too, as when it confirmed a contradiction.
    """

    __tablename__ = "sighting"
    __table_args__ = (
        CheckConstraint("endpoint IN ('scoreboard', 'calendar', 'standings', 'details')", name="ck_sighting_endpoint"),
        CheckConstraint("outcome IN ('loaded', 'stale', 'refused')", name="ck_sighting_outcome"),
        CheckConstraint("(outcome = 'refused') = (reason IS NOT NULL)", name="ck_sighting_refused_has_reason"),
        Index("ix_sighting_subject", "sport", "endpoint", "subject", "sighting_id"),
        Index("ix_sighting_sha256", "sha256"),
        # An unchanged tick updates the row in its page.
        {"schema": ARCHIVE_SCHEMA, "postgresql_with": {"fillfactor": "50"}},
    )

    sighting_id: int = Field(
        sa_type=BigInteger, sa_column_args=[Identity()], primary_key=True, description="Surrogate key, ascending."
    )
    sport: str = Field(sa_type=Text, description="`ncaam`, men's Division I basketball.")
    endpoint: str = Field(
        sa_type=Text, description="What was asked: `scoreboard`, `calendar`, `standings` or `details`."
    )
    subject: str = Field(
        sa_type=Text,
        description="Of which date, `2025-11-12`, season, `2025`, or contest, `6502231`; when standings were fetched.",
    )
    sha256: bytes = Field(
        sa_type=LargeBinary,
        sa_column_args=[ForeignKey(f"{ARCHIVE_SCHEMA}.body.sha256")],
        description="The body of the answers.",
    )
    outcome: str = Field(
        sa_type=Text,
        description="`loaded`; `stale`, older than an answer loaded before, which changed nothing; or `refused`.",
    )
    reason: str | None = Field(sa_type=Text, description="Why it was refused.")
    status: int = Field(sa_type=SmallInteger, description="HTTP status.")
    headers: dict[str, Any] = Field(
        sa_type=JSONB, description="Headers of the last answer that tell its host and cache."
    )
    source_url: str = Field(sa_type=Text, description="Where it came from.")
    is_simulated: bool = Field(description="Came from the simulator.")
    games_expected: int | None = Field(
        description="Games of the date by the calendar with which the answers were loaded; null when unknown."
    )
    answers: int = Field(description="Number of answers.")
    first_fetched_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True), description="Moment of the first answer, by the database's clock."
    )
    last_fetched_at: dt.datetime = Field(sa_type=DateTime(timezone=True), description="Moment of the last answer.")
    first_updated_at: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True), description="`updated_at` of the first answer; null if it has none."
    )
    last_updated_at: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True), description="`updated_at` of the last answer."
    )
    first_recorded_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True),
        description="When the first answer was loaded or refused: loads follow each other in the order of these.",
    )
    last_recorded_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True), description="When the last answer was loaded or refused."
    )


ARCHIVE_TABLES: Final[tuple[type[SQLModel], ...]] = (ArchivedBody, Sighting)
ARCHIVE_TABLE_NAMES: Final = tuple(f"{ARCHIVE_SCHEMA}.{table.__tablename__}" for table in ARCHIVE_TABLES)
