"""What the owner of a database should know about it, although everything works so far."""

import os
from typing import Final

import sqlalchemy as sa
from sqlalchemy import URL

from models.game_text import EASTERN
from pipelines.postgres.database import connect
from pipelines.postgres.url import describe
from pipelines.settings import Settings

FULL_BYTES: Final = 500_000_000
FULL_FILES: Final = 1_000

# Two zones are the same if they show the same time now and in half a year, when summer time differs.
_TIME_ZONE: Final = sa.text("""
    SELECT
        current_setting('TimeZone') AS zone,
        bool_and(moment AT TIME ZONE current_setting('TimeZone') = moment AT TIME ZONE :eastern) AS is_eastern,
        format('ALTER DATABASE %I SET timezone = %L', current_database(), CAST(:eastern AS text)) AS statement
    FROM unnest(ARRAY[now(), now() + INTERVAL '6 months']) AS moment
""")


def warnings(url: URL, settings: Settings) -> list[str]:
    """Returns sentences about a time zone in which CURRENT_DATE is wrong, and about a disk that is nearly full.

    The disk is known only of the embedded server.
    """
    found = (_time_zone(url), disk_warning(settings))
    return [sentence for sentence in found if sentence is not None]


def _time_zone(url: URL) -> str | None:
    with connect(url) as connection:
        zone, is_eastern, statement = connection.execute(_TIME_ZONE, {"eastern": EASTERN.key}).one()
    if is_eastern:
        return None
    return (
        f"The time zone of database {describe(url)} is {zone}: CURRENT_DATE differs from the US Eastern date, by which "
        f"games are listed, for some hours of each day. If no other application needs that zone, run: {statement};"
    )


def disk_warning(settings: Settings) -> str | None:
    """Returns a sentence where the embedded server's disk is nearly full."""
    if settings.database_url is not None:
        return None
    disk = os.statvfs(settings.embedded_home)
    free_bytes = disk.f_bavail * disk.f_frsize
    # A file system without a number of files reports zero of zero.
    is_out_of_files = disk.f_files > 0 and disk.f_favail < FULL_FILES
    if free_bytes >= FULL_BYTES and not is_out_of_files:
        return None
    left = f"{disk.f_favail:,} files" if is_out_of_files else f"{free_bytes // 1_000_000:,} MB"
    return f"The disk of {settings.embedded_home} has {left} left: free some space, or loads will fail."
