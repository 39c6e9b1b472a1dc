"""Games that could not be loaded, kept as they came."""

import datetime as dt

from sqlalchemy import BigInteger, DateTime, Text, text
from sqlmodel import Field, SQLModel


class RejectedGame(SQLModel, table=True):
    """One row a game that could not be loaded; it goes when the game loads."""

    __tablename__ = "rejected_game"

    sport: str = Field(sa_type=Text, primary_key=True, description="`ncaam`, men's Division I basketball.")
    reject_key: str = Field(
        sa_type=Text,
        primary_key=True,
        description="Contest id, or else `sha256:` and the hash of date and payload.",
    )
    game_date: dt.date = Field(index=True, description="Date of the scoreboard that had it.")
    contest_id: int | None = Field(sa_type=BigInteger, description="The number in the path, where it has one (`url`).")
    reason: str = Field(sa_type=Text, description="Why it could not be loaded, in a sentence.")
    payload: str = Field(sa_type=Text, description="The game as received, JSON.")
    created_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": text("now()")},
        description="When it was first rejected.",
    )
    updated_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": text("now()")},
        description="When the row last changed.",
    )
