"""Differences between the NCAA's standings and our games."""

import datetime as dt

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class Discrepancy(SQLModel, table=True):
    """One row per school and difference, from the morning that found it to the one that no longer does.

    `gamepulse accept` explains it: an open resolution of check `records_agree_with_standings` about `first_seen`.
    """

    __tablename__ = "discrepancy"
    __table_args__ = (
        Index(
            "uq_discrepancy_open",
            "sport",
            "season",
            "school",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    discrepancy_id: int = Field(
        sa_type=BigInteger, sa_column_args=[Identity()], primary_key=True, description="Surrogate key."
    )
    sport: str = Field(sa_type=Text, description="`ncaam`, men's Division I basketball.")
    season: int = Field(description="Calendar year in which the season starts.")
    school: str = Field(sa_type=Text, description="Display name on the page, or short name of a team that it lacks.")
    team_id: str | None = Field(sa_type=Text, description="As in `dim_team`; null for an unknown name.")
    difference: str = Field(
        sa_type=Text, description="What identifies it: by how much the page's numbers exceed ours, or what is unknown."
    )
    theirs: str | None = Field(
        sa_type=Text, description="Record on the page: `12-4 (3-1), won 2`, conference games in parentheses."
    )
    ours: str | None = Field(sa_type=Text, description="Record of `team_record` on the last date that the page covers.")
    finding: str = Field(sa_type=Text, description="The difference, and the games that explain it, in words.")
    game_ids: list[str] = Field(
        sa_type=ARRAY(Text), description="Games that explain it; empty where they cannot be named with certainty."
    )
    first_seen: dt.date = Field(description="US Eastern date of the standings that first showed it.")
    last_seen: dt.date = Field(description="US Eastern date of the newest standings that show it.")
    resolved_at: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True), description="When standings first agreed, or differed in another way."
    )
    resolved_because: str | None = Field(sa_type=Text, description="Why it ended.")
