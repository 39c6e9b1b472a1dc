"""Games: one row a contest, whatever became of it."""

import datetime as dt
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

SEASON_OF_GAME_DATE = (
    "(EXTRACT(year FROM game_date) - CASE WHEN EXTRACT(month FROM game_date) < 8 THEN 1 ELSE 0 END)::integer"
)


class FactGame(SQLModel, table=True):
    """One row a game (contest id), from the announcement of its date to its corrected final score.

    `home` is the designated home team, also at a neutral site: `game_detail` has the venue.
    """

    __tablename__ = "fact_game"
    __table_args__ = (
        ForeignKeyConstraint(
            ["home_team_key", "season"],
            ["dim_team.team_key", "dim_team.season"],
            name="fk_fact_game_home_team",
        ),
        ForeignKeyConstraint(
            ["away_team_key", "season"],
            ["dim_team.team_key", "dim_team.season"],
            name="fk_fact_game_away_team",
        ),
        CheckConstraint(
            "game_status IN ('scheduled', 'live', 'final', 'postponed', 'canceled', 'withdrawn')",
            name="ck_fact_game_status",
        ),
        CheckConstraint(
            "game_period IS NULL OR game_period ~ '^(1st|2nd|halftime|[2-9]?OT|final)$'",
            name="ck_fact_game_period",
        ),
        CheckConstraint("game_clock IS NULL OR game_status = 'live'", name="ck_fact_game_clock_is_live"),
        CheckConstraint(
            "game_status <> 'scheduled' OR (home_score IS NULL AND away_score IS NULL)",
            name="ck_fact_game_no_score_before_tip_off",
        ),
        CheckConstraint(
            "game_status <> 'final' OR (home_score IS NOT NULL AND away_score IS NOT NULL)",
            name="ck_fact_game_final_has_score",
        ),
        CheckConstraint("home_score >= 0 AND away_score >= 0", name="ck_fact_game_scores"),
        CheckConstraint("overtime_periods BETWEEN 0 AND 9", name="ck_fact_game_overtime_periods"),
        CheckConstraint("home_team_key <> away_team_key", name="ck_fact_game_two_teams"),
        CheckConstraint(
            "game_date_key = EXTRACT(year FROM game_date) * 10000 + EXTRACT(month FROM game_date) * 100"
            " + EXTRACT(day FROM game_date)",
            name="ck_fact_game_date_key",
        ),
        CheckConstraint("rivalry_factor IN (1.00, 1.20)", name="ck_fact_game_rivalry_factor"),
        CheckConstraint("feed IN ('current', 'legacy')", name="ck_fact_game_feed"),
        Index("ix_fact_game_contradicted", "game_date", postgresql_where=text("contradicted_since IS NOT NULL")),
    )

    game_key: int = Field(
        sa_type=BigInteger, sa_column_args=[Identity()], primary_key=True, description="Surrogate key."
    )
    game_id: str = Field(
        sa_type=Text, unique=True, description="`ncaam_` and the contest id, the number in the path (`url`)."
    )
    sport: str = Field(sa_type=Text, description="`ncaam`, men's Division I basketball.")
    game_date: dt.date = Field(
        index=True, description="US Eastern date on whose scoreboard the game stands (`startDate`)."
    )
    game_date_key: int = Field(foreign_key="dim_date.date_key", description="The same as a key of `dim_date`.")
    season: int = Field(
        sa_column_args=[Computed(SEASON_OF_GAME_DATE, persisted=True)],
        description="Season of `game_date`; part of both team references, so that they are of the game's season.",
    )
    home_team_key: int = Field(
        sa_type=BigInteger, index=True, description="The home team's row of that season (`home.names.seo`)."
    )
    away_team_key: int = Field(
        sa_type=BigInteger, index=True, description="The away team's row of that season (`away.names.seo`)."
    )
    game_status: str = Field(
        sa_type=Text,
        description="`scheduled`, `live`, `final`, `postponed`, `canceled`, or `withdrawn`: the source dropped it "
        "(`gameState`, `finalMessage`).",
    )
    game_start_time: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True),
        description="Tip-off; null when to be announced (`startTimeEpoch`, `startTime`).",
    )
    home_score: int | None = Field(sa_type=SmallInteger, description="Points; null before tip-off (`home.score`).")
    away_score: int | None = Field(sa_type=SmallInteger, description="Points; null before tip-off (`away.score`).")
    game_period: str | None = Field(
        sa_type=Text,
        description="`1st`, `halftime`, `2nd`, `OT`, `2OT` and on, `final`; null before tip-off (`currentPeriod`).",
    )
    game_clock: str | None = Field(
        sa_type=Text, description="Time left in the period as `M:SS`; null unless live (`contestClock`)."
    )
    overtime_periods: int = Field(
        sa_type=SmallInteger, description="Overtimes begun; 0 in regulation (`currentPeriod`)."
    )
    home_rank: int | None = Field(
        sa_type=SmallInteger, description="Poll rank around the game's day, 1 to 25 (`home.rank`)."
    )
    away_rank: int | None = Field(
        sa_type=SmallInteger, description="Poll rank around the game's day, 1 to 25 (`away.rank`)."
    )
    home_seed: int | None = Field(
        sa_type=SmallInteger, description="Seed in the tournament being played (`home.seed`)."
    )
    away_seed: int | None = Field(
        sa_type=SmallInteger, description="Seed in the tournament being played (`away.seed`)."
    )
    bracket_round: str | None = Field(
        sa_type=Text, description="Round of the NCAA tournament, `First Four` to `Championship` (`bracketRound`)."
    )
    network: str | None = Field(sa_type=Text, description="Broadcaster (`network`).")
    venue: str | None = Field(
        sa_type=Text, description="Name of the venue; null when unknown. `game_detail` has city and state."
    )
    rivalry_factor: Decimal = Field(
        sa_type=Numeric(3, 2),
        description="1.20 when both teams are of one conference that season, else 1.00.",
    )
    feed: str = Field(sa_type=Text, description="Format of the answer that last wrote the row: `current` or `legacy`.")
    last_seen_at: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True),
        description="Last fetch that listed the game, once a later one of its date does not; null while listed.",
    )
    created_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": text("now()")},
        description="When the row was first written.",
    )
    updated_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": text("now()")},
        description="When the row last changed.",
    )
    home_conference_id: str | None = Field(
        sa_type=Text,
        description="Conference that this game's scoreboard gave the home team (`home.conferences[].conferenceSeo`).",
    )
    away_conference_id: str | None = Field(
        sa_type=Text,
        description="Conference that this game's scoreboard gave the away team (`away.conferences[].conferenceSeo`).",
    )
    suspect_reason: str | None = Field(
        sa_type=Text, description="Why the row may be wrong, in a sentence; null when nothing contradicts it."
    )
    contradicted_since: dt.datetime | None = Field(
        sa_type=DateTime(timezone=True),
        description="First of the answers that contradict the row and are not yet confirmed by a later one; else null.",
    )
