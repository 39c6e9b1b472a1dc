"""Calendar days with their season and their round of the NCAA tournament."""

import datetime as dt

from sqlalchemy import Text
from sqlmodel import Field, SQLModel


class DimDate(SQLModel, table=True):
    """One row per calendar day from 2010-07-01 to 2036-07-31, filled by migrations."""

    __tablename__ = "dim_date"

    date_key: int = Field(
        primary_key=True, sa_column_kwargs={"autoincrement": False}, description="The day as YYYYMMDD."
    )
    full_date: dt.date = Field(unique=True, description="The day.")
    day_of_week: int = Field(description="ISO day of the week, 1 (Monday) to 7 (Sunday).")
    day_name: str = Field(sa_type=Text, description="`Monday` to `Sunday`.")
    day_of_month: int = Field(description="1 to 31.")
    month: int = Field(description="1 to 12.")
    month_name: str = Field(sa_type=Text, description="`January` to `December`.")
    quarter: int = Field(description="Quarter of the calendar year, 1 to 4.")
    year: int = Field(description="Calendar year.")
    is_weekend: bool = Field(description="Saturday or Sunday.")
    season: int = Field(
        index=True,
        description="Calendar year in which the season starts: 2025 is 2025-26. A season starts on 1 August.",
    )
    season_label: str = Field(sa_type=Text, description="The season as `2025-26`.")
    is_march_madness: bool = Field(
        description="From the first to the last day of the NCAA tournament, days off included."
    )
    tournament_round: str | None = Field(
        sa_type=Text,
        description="Round that the NCAA tournament plays that day, `First Four` (`Opening Round` from 2027 on) to "
        "`Championship`; null on days without one.",
    )
