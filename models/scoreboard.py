"""What is known of each game date as a whole: the watermark of its loads."""

import datetime as dt

from sqlalchemy import CheckConstraint, DateTime, Text, text
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
    is_complete: bool = Field(
        sa_column_kwargs={"server_default": text("false")},
        description="The answer had as many games as the calendar says, so that games missing from it have left it.",
    )
    games_undecided: int = Field(
        sa_column_kwargs={"server_default": text("0")},
        description="Announced games of the answer with an undecided team; they have no row yet.",
    )
    fields_unreadable: int = Field(
        sa_column_kwargs={"server_default": text("0")},
        description="Values of the answer that only decorate a game and could not be read; they are null.",
    )
    unreadable_sample: str | None = Field(sa_type=Text, description="Some of them, for people.")
    answer_updated_at: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True), description="When the API says that it made the answer (`updated_at`)."
    )
    last_stale_at: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True),
        description="Last fetch whose answer was older than the one loaded, and so changed nothing.",
    )
    void_fetched_at: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True),
        description="The moment that the last load replaced because it lay ahead of the database's clock; else null.",
    )
    settled_at: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True),
        description="The latest fetch, where no more is expected of the date: it came after noon (US Eastern) of the "
        "second day after, the calendar is known, and no game is undecided, scheduled, live or contradicted; else "
        "null.",
    )
    unarchived_at: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True),
        description="Moment of the last answer that the archive could not take; null if there was none.",
    )
