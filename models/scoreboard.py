"""What is known of each game date as a whole: the watermark of its loads."""

import datetime as dt

from sqlalchemy import CheckConstraint, DateTime, Text
from sqlmodel import Field, SQLModel


class Scoreboard(SQLModel, table=True):
    """One row a sport and game date: the last scoreboard loaded for it."""

    __tablename__ = "scoreboard"
    __table_args__ = (CheckConstraint("feed IN ('current', 'legacy')", name="ck_scoreboard_feed"),)

    sport: str = Field(sa_type=Text, primary_key=True, description="`ncaam`, men's Division I basketball.")
    game_date: dt.date = Field(primary_key=True, description="US Eastern date of the scoreboard.")
    fetched_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True),
        description="When the answer last loaded was fetched; older ones change nothing.",
    )
    feed: str = Field(sa_type=Text, description="Format of that answer: `current` or `legacy`.")
    source_url: str = Field(sa_type=Text, description="Where it came from.")
    is_simulated: bool = Field(
        description="Came from the simulator. A database holds simulated games or real ones, never both "
        "(header `x-gamepulse-simulator`)."
    )
    games_expected: int | None = Field(
        description="Games that the season's calendar has that day; null when unknown (`/schedule-alt`)."
    )
    games_received: int = Field(description="Games that the answer had, rejects included.")
    games_suspect: int = Field(
        description="Games that were not believed: a final one turned back, or one that the legacy feed contradicts."
    )
    settled_at: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True),
        description="First fetch after noon (US Eastern) of the second day after, with no game scheduled or live; "
        "null until then.",
    )
