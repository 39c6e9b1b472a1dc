"""Venues: one row per place."""

from sqlalchemy import BigInteger, Identity, Text, UniqueConstraint
from sqlmodel import Field, SQLModel


class DimVenue(SQLModel, table=True):
    """One row per venue. Other spellings of a venue are merged by `models/reference/venue_aliases.csv`."""

    __tablename__ = "dim_venue"
    __table_args__ = (
        UniqueConstraint("venue_name", "city", "state", name="uq_dim_venue_place", postgresql_nulls_not_distinct=True),
    )

    venue_key: int = Field(
        sa_type=BigInteger, sa_column_args=[Identity()], primary_key=True, description="Surrogate key."
    )
    venue_name: str = Field(sa_type=Text, description="Name of the arena (`location.venue`).")
    city: str | None = Field(sa_type=Text, description="City (`location.city`).")
    state: str | None = Field(
        sa_type=Text, description="Two letters of the US state; null abroad (`location.stateUsps`)."
    )
