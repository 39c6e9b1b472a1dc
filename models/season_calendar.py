"""The season's calendar as it was last fetched, so that the dates of an hour share one request."""

import datetime as dt

from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class SeasonCalendar(SQLModel, table=True):
    """One row per sport and season: the calendar last fetched for it."""

    __tablename__ = "season_calendar"

    sport: str = Field(sa_type=Text, primary_key=True, description="`ncaam`, men's Division I basketball.")
    season: int = Field(primary_key=True, description="Calendar year in which the season starts.")
    fetched_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True),
        description="When it was fetched. It is fetched again when it is an hour old, or when a scoreboard "
        "contradicts it.",
    )
    source_url: str = Field(sa_type=Text, description="Where it came from; a calendar of another address is not used.")
    games: dict[str, int] = Field(
        sa_type=JSONB, description="Number of games by US Eastern date; dates without games are omitted."
    )
