"""Teams, type 2 by season: a team that changes conference keeps its history."""

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

WATERMARK = "Newest source of {}: game date as YYYYMMDD, contest id in nine digits, feed (0 legacy, 1 current)."


class DimTeam(SQLModel, table=True):
    """One row a team and season; never split, extended or merged.

    Each attribute is the one that the latest game date of the season gave (ties by contest id), whatever the
    order in which dates were loaded. The watermarks remember which game that was.
    """

    __tablename__ = "dim_team"
    __table_args__ = (
        # Season first: a load looks up the teams of one season.
        UniqueConstraint("season", "team_id", name="uq_dim_team_season_team_id"),
        # Target of fact_game's composite foreign keys: a game can only refer to a team of its own season.
        UniqueConstraint("team_key", "season", name="uq_dim_team_team_key_season"),
        Index("uq_dim_team_current", "team_id", unique=True, postgresql_where=text("is_current")),
        CheckConstraint("is_current = (valid_to IS NULL)", name="ck_dim_team_current_is_open"),
        CheckConstraint(
            "valid_from = make_date(season, 8, 1) AND (valid_to IS NULL OR valid_to = make_date(season + 1, 8, 1))",
            name="ck_dim_team_valid_is_the_season",
        ),
    )

    team_key: int = Field(
        sa_type=BigInteger, sa_column_args=[Identity()], primary_key=True, description="Surrogate key."
    )
    team_id: str = Field(sa_type=Text, description="`ncaam_<slug>`: the team over all seasons (`names.seo`).")
    season: int = Field(description="Calendar year in which the season starts.")
    sport: str = Field(sa_type=Text, description="`ncaam`, men's Division I basketball.")
    slug: str = Field(sa_type=Text, description="The NCAA's slug, aliases resolved (`names.seo`).")
    team_name: str = Field(sa_type=Text, description="Short name, `Queens (NC)` (`names.short`).")
    full_name: str | None = Field(
        sa_type=Text, description="Name of the school; null where no feed gave one (`names.full`)."
    )
    abbreviation: str | None = Field(sa_type=Text, description="Six letters at most (`names.char6`).")
    conference_id: str | None = Field(
        sa_type=Text,
        description="The NCAA's slug of the conference that season, aliases resolved; null for outsiders "
        "(`conferences[].conferenceSeo`).",
    )
    conference_name: str | None = Field(
        sa_type=Text, description="Display name of the conference (`models/reference`, `conferences[].conferenceName`)."
    )
    valid_from: dt.date = Field(description="1 August of the season.")
    valid_to: dt.date | None = Field(description="1 August of the next season, exclusive; null while current.")
    is_current: bool = Field(description="The latest season known of the team; exactly one row a team.")
    team_name_watermark: int = Field(sa_type=BigInteger, description=WATERMARK.format("team_name"))
    full_name_watermark: int = Field(sa_type=BigInteger, description=WATERMARK.format("full_name"))
    abbreviation_watermark: int = Field(sa_type=BigInteger, description=WATERMARK.format("abbreviation"))
    conference_watermark: int = Field(sa_type=BigInteger, description=WATERMARK.format("the conference"))
    created_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": text("now()")},
        description="When the row was first written.",
    )
    updated_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": text("now()")},
        description="When the row last changed.",
    )
