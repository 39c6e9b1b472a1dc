"""The star schema, its calendar filled from 2010-07-01 to 2036-07-31."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The bracket starts in the week of the third Thursday of March: First Four on Tuesday and Wednesday, then two
# rounds over four days, two more a week later, and the Final Four on the third Saturday, its final on Monday.
# 2020 had no tournament; 2021 was played in one place, from a Thursday.
FILL_DIM_DATE = """
WITH bracket AS (
    SELECT year, make_date(year, 3, 1) + ((11 - EXTRACT(isodow FROM make_date(year, 3, 1))::int) % 7) + 14 AS thursday
    FROM generate_series(2011, 2036) AS year
    WHERE year NOT IN (2020, 2021)
),
usual_days (day_from_thursday, round) AS (
    VALUES
        (-2, 'First Four'), (-1, 'First Four'),
        (0, 'First Round'), (1, 'First Round'),
        (2, 'Second Round'), (3, 'Second Round'),
        (7, 'Sweet 16'), (8, 'Sweet 16'),
        (9, 'Elite Eight'), (10, 'Elite Eight'),
        (16, 'Final Four'),
        (18, 'Championship')
),
tournament_day (day, round) AS (
    SELECT thursday + day_from_thursday, round FROM bracket CROSS JOIN usual_days
    UNION ALL
    VALUES
        (DATE '2021-03-18', 'First Four'),
        (DATE '2021-03-19', 'First Round'), (DATE '2021-03-20', 'First Round'),
        (DATE '2021-03-21', 'Second Round'), (DATE '2021-03-22', 'Second Round'),
        (DATE '2021-03-27', 'Sweet 16'), (DATE '2021-03-28', 'Sweet 16'),
        (DATE '2021-03-29', 'Elite Eight'), (DATE '2021-03-30', 'Elite Eight'),
        (DATE '2021-04-03', 'Final Four'),
        (DATE '2021-04-05', 'Championship')
),
tournament AS (
    SELECT EXTRACT(year FROM day) AS year, min(day) AS first_day, max(day) AS last_day
    FROM tournament_day
    GROUP BY 1
)
INSERT INTO dim_date (
    date_key, full_date, day_of_week, day_name, day_of_month, month, month_name, quarter, year,
    is_weekend, season, season_label, is_march_madness, tournament_round
)
SELECT
    to_char(day, 'YYYYMMDD')::int,
    day,
    EXTRACT(isodow FROM day)::int,
    to_char(day, 'FMDay'),
    EXTRACT(day FROM day)::int,
    EXTRACT(month FROM day)::int,
    to_char(day, 'FMMonth'),
    EXTRACT(quarter FROM day)::int,
    EXTRACT(year FROM day)::int,
    EXTRACT(isodow FROM day) >= 6,
    season,
    season || '-' || to_char((season + 1) % 100, 'FM00'),
    tournament.year IS NOT NULL,
    tournament_day.round
FROM (
    SELECT
        day::date AS day,
        EXTRACT(year FROM day)::int - CASE WHEN EXTRACT(month FROM day) < 8 THEN 1 ELSE 0 END AS season
    FROM generate_series(DATE '2010-07-01', DATE '2036-07-31', INTERVAL '1 day') AS day
) AS days
LEFT JOIN tournament ON days.day BETWEEN tournament.first_day AND tournament.last_day
LEFT JOIN tournament_day USING (day)
ORDER BY day
"""


def upgrade() -> None:
    op.create_table(
        "dim_date",
        sa.Column("date_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("full_date", sa.Date(), nullable=False),
        sa.Column("day_of_week", sa.Integer(), nullable=False),
        sa.Column("day_name", sa.Text(), nullable=False),
        sa.Column("day_of_month", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("month_name", sa.Text(), nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("is_weekend", sa.Boolean(), nullable=False),
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("season_label", sa.Text(), nullable=False),
        sa.Column("is_march_madness", sa.Boolean(), nullable=False),
        sa.Column("tournament_round", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("date_key"),
        sa.UniqueConstraint("full_date"),
    )
    op.create_index(op.f("ix_dim_date_season"), "dim_date", ["season"], unique=False)
    op.create_table(
        "dim_team",
        sa.Column("team_key", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("season", sa.Integer(), nullable=False),
        sa.Column("sport", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("team_name", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=True),
        sa.Column("abbreviation", sa.Text(), nullable=True),
        sa.Column("conference_id", sa.Text(), nullable=True),
        sa.Column("conference_name", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("team_name_watermark", sa.BigInteger(), nullable=False),
        sa.Column("full_name_watermark", sa.BigInteger(), nullable=False),
        sa.Column("abbreviation_watermark", sa.BigInteger(), nullable=False),
        sa.Column("conference_watermark", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("is_current = (valid_to IS NULL)", name="ck_dim_team_current_is_open"),
        sa.CheckConstraint(
            "valid_from = make_date(season, 8, 1) AND (valid_to IS NULL OR valid_to = make_date(season + 1, 8, 1))",
            name="ck_dim_team_valid_is_the_season",
        ),
        sa.PrimaryKeyConstraint("team_key"),
        sa.UniqueConstraint("season", "team_id", name="uq_dim_team_season_team_id"),
        sa.UniqueConstraint("team_key", "season", name="uq_dim_team_team_key_season"),
    )
    op.create_index("uq_dim_team_current", "dim_team", ["team_id"], unique=True, postgresql_where=sa.text("is_current"))
    op.create_table(
        "rejected_game",
        sa.Column("sport", sa.Text(), nullable=False),
        sa.Column("reject_key", sa.Text(), nullable=False),
        sa.Column("game_date", sa.Date(), nullable=False),
        sa.Column("contest_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("sport", "reject_key"),
    )
    op.create_index(op.f("ix_rejected_game_game_date"), "rejected_game", ["game_date"], unique=False)
    op.create_table(
        "scoreboard",
        sa.Column("sport", sa.Text(), nullable=False),
        sa.Column("game_date", sa.Date(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("games_expected", sa.Integer(), nullable=True),
        sa.Column("games_received", sa.Integer(), nullable=False),
        sa.Column("games_suspect", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("feed IN ('current', 'legacy')", name="ck_scoreboard_feed"),
        sa.PrimaryKeyConstraint("sport", "game_date"),
    )
    op.create_table(
        "fact_game",
        sa.Column("game_key", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("game_id", sa.Text(), nullable=False),
        sa.Column("sport", sa.Text(), nullable=False),
        sa.Column("game_date", sa.Date(), nullable=False),
        sa.Column("game_date_key", sa.Integer(), nullable=False),
        sa.Column(
            "season",
            sa.Integer(),
            sa.Computed(
                "(EXTRACT(year FROM game_date) - CASE WHEN EXTRACT(month FROM game_date) < 8 THEN 1 ELSE 0 END)"
                "::integer",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("home_team_key", sa.BigInteger(), nullable=False),
        sa.Column("away_team_key", sa.BigInteger(), nullable=False),
        sa.Column("game_status", sa.Text(), nullable=False),
        sa.Column("game_start_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("home_score", sa.SmallInteger(), nullable=True),
        sa.Column("away_score", sa.SmallInteger(), nullable=True),
        sa.Column("game_period", sa.Text(), nullable=True),
        sa.Column("game_clock", sa.Text(), nullable=True),
        sa.Column("overtime_periods", sa.SmallInteger(), nullable=False),
        sa.Column("home_rank", sa.SmallInteger(), nullable=True),
        sa.Column("away_rank", sa.SmallInteger(), nullable=True),
        sa.Column("home_seed", sa.SmallInteger(), nullable=True),
        sa.Column("away_seed", sa.SmallInteger(), nullable=True),
        sa.Column("bracket_round", sa.Text(), nullable=True),
        sa.Column("network", sa.Text(), nullable=True),
        sa.Column("venue", sa.Text(), nullable=True),
        sa.Column("rivalry_factor", sa.Numeric(precision=3, scale=2), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("feed IN ('current', 'legacy')", name="ck_fact_game_feed"),
        sa.CheckConstraint("game_clock IS NULL OR game_status = 'live'", name="ck_fact_game_clock_is_live"),
        sa.CheckConstraint(
            "game_period IS NULL OR game_period ~ '^(1st|2nd|halftime|[2-9]?OT|final)$'",
            name="ck_fact_game_period",
        ),
        sa.CheckConstraint(
            "game_status <> 'final' OR (home_score IS NOT NULL AND away_score IS NOT NULL)",
            name="ck_fact_game_final_has_score",
        ),
        sa.CheckConstraint(
            "game_status <> 'scheduled' OR (home_score IS NULL AND away_score IS NULL)",
            name="ck_fact_game_no_score_before_tip_off",
        ),
        sa.CheckConstraint(
            "game_status IN ('scheduled', 'live', 'final', 'postponed', 'canceled', 'withdrawn')",
            name="ck_fact_game_status",
        ),
        sa.CheckConstraint(
            "game_date_key = EXTRACT(year FROM game_date) * 10000 + EXTRACT(month FROM game_date) * 100"
            " + EXTRACT(day FROM game_date)",
            name="ck_fact_game_date_key",
        ),
        sa.CheckConstraint("home_score >= 0 AND away_score >= 0", name="ck_fact_game_scores"),
        sa.CheckConstraint("home_team_key <> away_team_key", name="ck_fact_game_two_teams"),
        sa.CheckConstraint("overtime_periods BETWEEN 0 AND 9", name="ck_fact_game_overtime_periods"),
        sa.CheckConstraint("rivalry_factor IN (1.00, 1.20)", name="ck_fact_game_rivalry_factor"),
        sa.ForeignKeyConstraint(
            ["away_team_key", "season"],
            ["dim_team.team_key", "dim_team.season"],
            name="fk_fact_game_away_team",
        ),
        sa.ForeignKeyConstraint(
            ["game_date_key"],
            ["dim_date.date_key"],
        ),
        sa.ForeignKeyConstraint(
            ["home_team_key", "season"],
            ["dim_team.team_key", "dim_team.season"],
            name="fk_fact_game_home_team",
        ),
        sa.PrimaryKeyConstraint("game_key"),
        sa.UniqueConstraint("game_id"),
    )
    op.create_index(op.f("ix_fact_game_away_team_key"), "fact_game", ["away_team_key"], unique=False)
    op.create_index(op.f("ix_fact_game_game_date"), "fact_game", ["game_date"], unique=False)
    op.create_index(op.f("ix_fact_game_home_team_key"), "fact_game", ["home_team_key"], unique=False)
    op.execute(FILL_DIM_DATE)


def downgrade() -> None:
    for table in ("fact_game", "dim_team", "dim_date", "scoreboard", "rejected_game"):
        op.drop_table(table)
