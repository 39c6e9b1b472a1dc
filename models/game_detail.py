"""Details of final games: where they were played, and the points of each period."""

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, DateTime, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class GameDetail(SQLModel, table=True):
    """One row per final game whose details were requested. The source has neither attendance nor officials."""

    __tablename__ = "game_detail"
    __table_args__ = (
        CheckConstraint("(venue_key IS NULL) = (missing_reason IS NOT NULL)", name="ck_game_detail_missing_reason"),
        CheckConstraint(
            "cardinality(home_points_by_period) = cardinality(away_points_by_period)"
            " AND cardinality(home_points_by_period) >= 2",
            name="ck_game_detail_periods",
        ),
        CheckConstraint(
            "neutral_site_confidence IN ('high', 'low')"
            " AND (is_neutral_site IS NULL) = (neutral_site_confidence IS NULL)",
            name="ck_game_detail_neutral_site",
        ),
    )

    game_id: str = Field(
        sa_type=Text, primary_key=True, foreign_key="fact_game.game_id", description="The game, as in `fact_game`."
    )
    fetched_at: dt.datetime = Field(sa_type=DateTime(timezone=True), description="When the details were fetched.")
    venue_key: int | None = Field(
        sa_type=BigInteger,
        foreign_key="dim_venue.venue_key",
        index=True,
        description="Where it was played; null when unknown (`location`).",
    )
    missing_reason: str | None = Field(sa_type=Text, description="Why the venue is unknown, in a sentence; else null.")
    home_points_by_period: list[int] | None = Field(
        sa_type=ARRAY(SmallInteger),
        description="Points of the home team in each half and overtime; null when unknown (`linescores[].home`).",
    )
    away_points_by_period: list[int] | None = Field(
        sa_type=ARRAY(SmallInteger),
        description="Points of the away team in each half and overtime; null when unknown (`linescores[].visit`).",
    )
    is_neutral_site: bool | None = Field(
        description="Whether neither team was at home. Derived, since the source does not say; null when undecided."
    )
    neutral_site_basis: str | None = Field(
        sa_type=Text, description="How `is_neutral_site` is known, or why it is not; null before it was derived."
    )
    neutral_site_confidence: str | None = Field(
        sa_type=Text, description="`high` or `low`; null when `is_neutral_site` is."
    )
