"""Alembic over the star schema: the only thing that creates or changes one of its tables."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config

# Its own version table, since the application's Alembic may keep `alembic_version` in the same schema.
VERSION_TABLE = "gamepulse_schema_version"


def alembic_config() -> "Config":
    """Alembic's configuration, without an ini file."""
    from alembic.config import Config  # its import takes a third of `gamepulse scores`

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def head_revision() -> str:
    """The revision that this code needs: the highest number of a migration."""
    return max(path.name[:4] for path in (Path(__file__).parent / "versions").glob("[0-9]*.py"))
