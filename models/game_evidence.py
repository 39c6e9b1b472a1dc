"""Evidence about games that `fact_game` alone does not hold: see docs/rules.md, "Evidence decides"."""

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class GameEvidence(SQLModel, table=True):
    """One row per contest id and date that listed it, where that evidence is more than the row of `fact_game`.

    Most games have none: the newest answer is also the one that stands, and only one date ever listed the game. A row
    exists while a final is contradicted, while a game is superseded by another contest id of the same teams, and where
    a second date listed the contest.
    """

    __tablename__ = "game_evidence"
    __table_args__ = (
        CheckConstraint("feed IN ('current', 'legacy')", name="ck_game_evidence_feed"),
        CheckConstraint(
            "(contradiction IS NULL) = (contradicted_since IS NULL)", name="ck_game_evidence_contradiction_has_moment"
        ),
    )

    sport: str = Field(sa_type=Text, primary_key=True, description="`ncaam`, men's Division I basketball.")
    contest_id: int = Field(sa_type=BigInteger, primary_key=True, description="Contest id, the number in the path.")
    game_date: dt.date = Field(primary_key=True, index=True, description="US Eastern date whose scoreboard listed it.")
    statement: dict[str, Any] = Field(
        sa_type=JSONB,
        description="Values that this date's answers support, named as in `fact_game`: the furthest once final, else "
        "the newest.",
    )
    feed: str = Field(sa_type=Text, description="Feed of that statement: `current` or `legacy`.")
    last_listed_at: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True),
        description="Last fetch of the date that listed the game; null while the latest one does.",
    )
    is_withdrawn: bool = Field(description="Given up because the source dropped the game.")
    contradiction: str | None = Field(
        sa_type=Text,
        description="Newest answer that disagrees with the statement: a status, `no score`, `unlisted` or `legacy`; "
        "null when it agrees.",
    )
    contradicted_since: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True), description="First answer of that uninterrupted contradiction."
    )
