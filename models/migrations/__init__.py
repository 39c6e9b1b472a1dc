"""Alembic over the star schema: the only thing that creates or changes one of its tables."""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

# Its own version table, since the application's Alembic may keep `alembic_version` in the same schema.
VERSION_TABLE = "gamepulse_schema_version"


def alembic_config() -> Config:
    """Alembic's configuration, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def head_revision() -> str:
    """The revision that this code needs."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert head is not None
    return head
