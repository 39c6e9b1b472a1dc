"""The NCAA tournament of 76 teams, from 2027 on, opens with the Opening Round instead of the First Four."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


# Announced in May 2026: twelve games on the two days before the First Round. Reports call the round by this name.
RENAME = """
UPDATE dim_date
SET tournament_round = 'Opening Round'
WHERE tournament_round = 'First Four'
  AND season >= 2026
"""


def upgrade() -> None:
    op.execute(RENAME)


def downgrade() -> None:
    op.execute("UPDATE dim_date SET tournament_round = 'First Four' WHERE tournament_round = 'Opening Round'")
