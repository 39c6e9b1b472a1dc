"""Dates that somebody wanted loaded, so that a date that never loaded is not forgotten."""

import datetime as dt

from sqlalchemy import DateTime, Text
from sqlmodel import Field, SQLModel


class RequestedDate(SQLModel, table=True):
    """One row per game date that a run was started or queued for, whatever became of the run."""

    __tablename__ = "requested_date"

    sport: str = Field(sa_type=Text, primary_key=True, description="`ncaam`, men's Division I basketball.")
    game_date: dt.date = Field(primary_key=True, description="US Eastern date.")
    first_requested_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True), description="When the date was first requested."
    )
    requested_by: str = Field(
        sa_type=Text, description="What requested it first: `schedule`, `repair`, `backfill …`, `run …`."
    )
    last_requested_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True), description="When the date was last requested."
    )
    attempts: int = Field(
        description="Repairs of the loaded date since a person last requested it, from the second day after it on."
    )
    last_reason: str | None = Field(
        sa_type=Text, description="Why the last attempt failed; null when it succeeded or is not over."
    )
    last_failure_is_local: bool | None = Field(
        description="Whether it failed in this installation (database, network, process) and not at the source."
    )
    repairs: int = Field(
        description="Repairs since the date was last loaded or requested by a person, while other dates loaded."
    )
    outage_repairs: int = Field(description="Repairs in the current outage, in which no date loads.")
