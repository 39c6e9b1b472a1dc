"""The archive of raw answers, in a schema of its own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("CREATE SCHEMA archive")
    op.create_table(
        "body",
        sa.Column("sha256", sa.LargeBinary(), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        schema="archive",
    )
    # The content is compressed already.
    op.execute("ALTER TABLE archive.body ALTER COLUMN content SET STORAGE EXTERNAL")
    op.create_table(
        "sighting",
        sa.Column("sighting_id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("sport", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), sa.ForeignKey("archive.body.sha256"), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("headers", JSONB(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("games_expected", sa.Integer()),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("first_fetched_at", MOMENT, nullable=False),
        sa.Column("last_fetched_at", MOMENT, nullable=False),
        sa.Column("first_updated_at", MOMENT),
        sa.Column("last_updated_at", MOMENT),
        sa.Column("first_recorded_at", MOMENT, nullable=False),
        sa.Column("last_recorded_at", MOMENT, nullable=False),
        sa.CheckConstraint("endpoint IN ('scoreboard', 'calendar')", name="ck_sighting_endpoint"),
        sa.CheckConstraint("outcome IN ('loaded', 'stale', 'refused')", name="ck_sighting_outcome"),
        sa.CheckConstraint("(outcome = 'refused') = (reason IS NOT NULL)", name="ck_sighting_refused_has_reason"),
        schema="archive",
        postgresql_with={"fillfactor": "50"},
    )
    op.create_index(
        "ix_sighting_subject", "sighting", ["sport", "endpoint", "subject", "sighting_id"], schema="archive"
    )
    op.create_index("ix_sighting_sha256", "sighting", ["sha256"], schema="archive")
    op.add_column("scoreboard", sa.Column("unarchived_at", MOMENT))


def downgrade() -> None:
    op.drop_column("scoreboard", "unarchived_at")
    op.execute("DROP SCHEMA archive CASCADE")
