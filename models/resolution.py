"""Decisions of people about games and findings that the source will never put right."""

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, Text, text
from sqlmodel import Field, SQLModel


class Resolution(SQLModel, table=True):
    """One row per decision: the status of a game, or an accepted finding."""

    __tablename__ = "resolution"
    __table_args__ = (
        CheckConstraint(
            "CASE WHEN game_id IS NOT NULL THEN game_status IS NOT NULL AND check_name IS NULL"
            " ELSE check_name IS NOT NULL AND first_date IS NOT NULL AND last_date IS NOT NULL END",
            name="ck_resolution_game_or_check",
        ),
        CheckConstraint(
            "game_status IN ('scheduled', 'live', 'final', 'postponed', 'canceled', 'withdrawn')",
            name="ck_resolution_game_status",
        ),
        CheckConstraint("first_date <= last_date", name="ck_resolution_dates"),
        CheckConstraint("because <> ''", name="ck_resolution_has_a_reason"),
        CheckConstraint("(closed_at IS NULL) = (closed_because IS NULL)", name="ck_resolution_closed"),
        Index("uq_resolution_open_game", "game_id", unique=True, postgresql_where=text("closed_at IS NULL")),
    )

    resolution_id: int = Field(
        sa_type=BigInteger, sa_column_args=[Identity()], primary_key=True, description="Surrogate key."
    )
    sport: str = Field(sa_type=Text, description="`ncaam`, men's Division I basketball.")
    game_id: str | None = Field(sa_type=Text, description="Game decided on; null for an accepted finding.")
    game_status: str | None = Field(sa_type=Text, description="Status that the person gave the game.")
    check_name: str | None = Field(sa_type=Text, description="Asset check whose findings are accepted.")
    first_date: dt.date | None = Field(description="First game date whose findings are accepted.")
    last_date: dt.date | None = Field(description="Last game date whose findings are accepted, inclusive.")
    because: str = Field(sa_type=Text, description="Reason that the person gave.")
    created_by: str = Field(sa_type=Text, description="Who decided.")
    created_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": text("now()")},
        description="When it was decided.",
    )
    until: dt.date | None = Field(description="Last US Eastern date on which it holds; null without an end.")
    closed_at: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True), description="When it was undone, or the source came to agree."
    )
    closed_because: str | None = Field(sa_type=Text, description="Why it was closed.")
