"""What `fact_game` showed of each game, and since when."""

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, DateTime, SmallInteger, Text
from sqlmodel import Field, SQLModel


class GameHistory(SQLModel, table=True):
    """One row per change of a game's state, score, date or teams; the latest one equals the row of `fact_game`.

    A game that came back under another contest id has a history under each of them. While a game is live, scores that
    follow each other within five minutes of one period are one row, that of the last of them.
    """

    __tablename__ = "game_history"
    __table_args__ = (
        CheckConstraint("version > 0", name="ck_game_history_version"),
        CheckConstraint(
            "game_status IN ('scheduled', 'live', 'final', 'postponed', 'canceled', 'withdrawn')",
            name="ck_game_history_status",
        ),
    )

    game_id: str = Field(sa_type=Text, primary_key=True, description="As in `fact_game`.")
    version: int = Field(
        primary_key=True, sa_column_kwargs={"autoincrement": False}, description="1, 2, 3 … in the order of loading."
    )
    sport: str = Field(sa_type=Text, description="`ncaam`, men's Division I basketball.")
    changed_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True),
        description="When the answer that brought the change was fetched, or the person decided.",
    )
    game_date: dt.date = Field(description="US Eastern date on whose scoreboard the game stood.")
    home_team_key: int = Field(sa_type=BigInteger, description="As in `fact_game`.")
    away_team_key: int = Field(sa_type=BigInteger, description="As in `fact_game`.")
    game_status: str = Field(sa_type=Text, description="As in `fact_game`.")
    home_score: int | None = Field(sa_type=SmallInteger, description="Points; null before tip-off.")
    away_score: int | None = Field(sa_type=SmallInteger, description="Points; null before tip-off.")
    game_period: str | None = Field(sa_type=Text, description="As in `fact_game`.")
    game_clock: str | None = Field(
        sa_type=Text, description="Time left in the period at `changed_at`; a change of it alone adds no row."
    )
    overtime_periods: int = Field(sa_type=SmallInteger, description="Overtimes begun; 0 in regulation.")
