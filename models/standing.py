"""The NCAA's standings as they were on each morning."""

import datetime as dt

from sqlalchemy import DateTime, Index, Text
from sqlmodel import Field, SQLModel


class Standing(SQLModel, table=True):
    """One row per morning and school: the record that the NCAA's standings gave, and whether ours is equal."""

    __tablename__ = "standing"
    __table_args__ = (Index("ix_standing_season", "season", "as_of"),)

    sport: str = Field(sa_type=Text, primary_key=True, description="`ncaam`, men's Division I basketball.")
    as_of: dt.date = Field(primary_key=True, description="US Eastern date on which the page was fetched.")
    school: str = Field(sa_type=Text, primary_key=True, description="Display name on the page.")
    season: int = Field(description="Season of the games that the page counts.")
    team_id: str | None = Field(
        sa_type=Text, description="As in `dim_team`; null for a name that `models/reference` does not know."
    )
    conference: str = Field(sa_type=Text, description="Display name of the conference on the page.")
    wins: int = Field(description="Games won.")
    losses: int = Field(description="Games lost.")
    conference_wins: int = Field(description="Conference games won, without those of the conference's tournament.")
    conference_losses: int = Field(description="Conference games lost, without those of the conference's tournament.")
    streak: int | None = Field(description="Games won in a row; negative: lost. Null where the page has none.")
    covers: dt.date = Field(description="Last US Eastern date of which the page counts all games.")
    page_updated_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True), description="When the page says it was updated."
    )
    fetched_at: dt.datetime = Field(sa_type=DateTime(timezone=True), description="When the page was requested.")
    agrees: bool | None = Field(description="Whether the record in `team_record` is equal; null if not compared.")
    not_compared: str | None = Field(sa_type=Text, description="Why the record was not compared.")
