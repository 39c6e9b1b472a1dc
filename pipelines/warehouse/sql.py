"""Reads the `.sql` files of this folder."""

from functools import cache
from importlib.resources import files


@cache
def read_sql(name: str) -> str:
    """Text of `<name>.sql`."""
    return files("pipelines.warehouse").joinpath(f"{name}.sql").read_text(encoding="utf-8")
