"""Evidence about games, requested dates, resolutions, and the one definition of the rivalry factor in SQL."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Tested equal to `calculate_rivalry_factor`. PostgreSQL inlines it.
RIVALRY_FACTOR = """
CREATE FUNCTION rivalry_factor(home_conference_id text, away_conference_id text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN home_conference_id = away_conference_id AND home_conference_id <> 'independent' THEN 1.20
    ELSE 1.00
END
"""

# Before, only the season's conference of a team was kept, not what each game said.
FILL_CONFERENCES = """
UPDATE fact_game
SET home_conference_id = home.conference_id,
    away_conference_id = away.conference_id
FROM dim_team AS home, dim_team AS away
WHERE home.team_key = home_team_key
  AND away.team_key = away_team_key
"""

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute(RIVALRY_FACTOR)
    op.add_column("fact_game", sa.Column("home_conference_id", sa.Text()))
    op.add_column("fact_game", sa.Column("away_conference_id", sa.Text()))
    op.add_column("fact_game", sa.Column("suspect_reason", sa.Text()))
    op.add_column("fact_game", sa.Column("contradicted_since", MOMENT))
    op.execute(FILL_CONFERENCES)
    op.create_index(
        "ix_fact_game_contradicted",
        "fact_game",
        ["game_date"],
        postgresql_where=sa.text("contradicted_since IS NOT NULL"),
    )
    op.add_column("scoreboard", sa.Column("is_complete", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("scoreboard", sa.Column("games_undecided", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column(
        "scoreboard", sa.Column("fields_unreadable", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("scoreboard", sa.Column("unreadable_sample", sa.Text()))
    op.add_column("scoreboard", sa.Column("answer_updated_at", MOMENT))
    op.add_column("scoreboard", sa.Column("last_stale_at", MOMENT))
    op.add_column("scoreboard", sa.Column("void_fetched_at", MOMENT))
    op.drop_column("scoreboard", "games_suspect")  # a row of fact_game says for itself why it is suspect
    op.create_table(
        "game_evidence",
        sa.Column("sport", sa.Text(), nullable=False),
        sa.Column("contest_id", sa.BigInteger(), nullable=False),
        sa.Column("game_date", sa.Date(), nullable=False),
        sa.Column("statement", JSONB(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("last_listed_at", MOMENT),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("contradiction", sa.Text()),
        sa.Column("contradicted_since", MOMENT),
        sa.CheckConstraint("feed IN ('current', 'legacy')", name="ck_game_evidence_feed"),
        sa.CheckConstraint(
            "(contradiction IS NULL) = (contradicted_since IS NULL)", name="ck_game_evidence_contradiction_has_moment"
        ),
        sa.PrimaryKeyConstraint("sport", "contest_id", "game_date"),
    )
    op.create_index(op.f("ix_game_evidence_game_date"), "game_evidence", ["game_date"])
    op.create_table(
        "requested_date",
        sa.Column("sport", sa.Text(), nullable=False),
        sa.Column("game_date", sa.Date(), nullable=False),
        sa.Column("first_requested_at", MOMENT, nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("last_requested_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_reason", sa.Text()),
        sa.PrimaryKeyConstraint("sport", "game_date"),
    )
    op.create_table(
        "resolution",
        sa.Column("resolution_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("sport", sa.Text(), nullable=False),
        sa.Column("game_id", sa.Text()),
        sa.Column("game_status", sa.Text()),
        sa.Column("check_name", sa.Text()),
        sa.Column("first_date", sa.Date()),
        sa.Column("last_date", sa.Date()),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("closed_at", MOMENT),
        sa.Column("closed_because", sa.Text()),
        sa.CheckConstraint(
            "CASE WHEN game_id IS NOT NULL THEN game_status IS NOT NULL AND check_name IS NULL"
            " ELSE check_name IS NOT NULL AND first_date IS NOT NULL AND last_date IS NOT NULL END",
            name="ck_resolution_game_or_check",
        ),
        sa.CheckConstraint(
            "game_status IN ('scheduled', 'live', 'final', 'postponed', 'canceled', 'withdrawn')",
            name="ck_resolution_game_status",
        ),
        sa.CheckConstraint("first_date <= last_date", name="ck_resolution_dates"),
        sa.CheckConstraint("because <> ''", name="ck_resolution_has_a_reason"),
        sa.CheckConstraint("(closed_at IS NULL) = (closed_because IS NULL)", name="ck_resolution_closed"),
        sa.PrimaryKeyConstraint("resolution_id"),
    )
    op.create_index(
        "uq_resolution_open_game", "resolution", ["game_id"], unique=True, postgresql_where=sa.text("closed_at IS NULL")
    )


def downgrade() -> None:
    op.add_column("scoreboard", sa.Column("games_suspect", sa.Integer(), server_default=sa.text("0"), nullable=False))
    for table in ("resolution", "requested_date", "game_evidence"):
        op.drop_table(table)
    for column in (
        "void_fetched_at",
        "last_stale_at",
        "answer_updated_at",
        "unreadable_sample",
        "fields_unreadable",
        "games_undecided",
        "is_complete",
    ):
        op.drop_column("scoreboard", column)
    for column in ("contradicted_since", "suspect_reason", "away_conference_id", "home_conference_id"):
        op.drop_column("fact_game", column)
    op.execute("DROP FUNCTION rivalry_factor(text, text)")
