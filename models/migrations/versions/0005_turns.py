"""Tables whose locks are turns, instead of advisory locks, which every role of the server can take."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE load_turn ()")
    op.execute("COMMENT ON TABLE load_turn IS 'Locked by a load for its transaction: loads follow each other.'")
    op.execute("CREATE TABLE api_turn ()")
    op.execute("COMMENT ON TABLE api_turn IS 'Locked from a request to the API until the next one may follow.'")


def downgrade() -> None:
    op.execute("DROP TABLE api_turn")
    op.execute("DROP TABLE load_turn")
