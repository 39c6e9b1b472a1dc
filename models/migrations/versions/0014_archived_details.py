"""Details of games in the archive."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _allow("'scoreboard', 'calendar', 'standings', 'details'")


def downgrade() -> None:
    op.execute("DELETE FROM archive.sighting WHERE endpoint = 'details'")
    _allow("'scoreboard', 'calendar', 'standings'")


def _allow(endpoints: str) -> None:
    op.drop_constraint("ck_sighting_endpoint", "sighting", schema="archive")
    op.create_check_constraint("ck_sighting_endpoint", "sighting", f"endpoint IN ({endpoints})", schema="archive")
