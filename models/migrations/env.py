"""Run by Alembic, with a connection that the caller opened and whose transaction the caller ends."""

from alembic import context
from sqlmodel import SQLModel

from models import archive, tables  # noqa: F401  (they fill the metadata)
from models.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
