"""Health check of the Dagster daemon: `python -m pipelines.runtime.heartbeat` fails when one of its parts is stuck.

It reads the heartbeats where the daemon writes them. It runs every half minute, so it imports nothing but the driver:
Dagster's own liveness check, SQLAlchemy or even our settings would cost seconds of processor each time.
"""

import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2

PARTS = ("SCHEDULER", "SENSOR", "BACKFILL", "QUEUED_RUN_COORDINATOR")
OLDEST = 120.0  # seconds; each part beats every 30
# The column `timestamp` depends on the session's zone, the body does not.
_QUERY = "SELECT daemon_type, CAST(CAST(body AS json) ->> 'timestamp' AS float) FROM dagster.daemon_heartbeats"


def late_parts() -> list[str]:
    """What of the daemon has not beaten of late. Raises `psycopg2.Error` where the database cannot say."""
    url = _setting("DAGSTER_DATABASE_URL") or _setting("DATABASE_URL") or ""
    url = re.sub(r"^postgres(ql)?(\+\w+)?:", "postgresql:", url)
    url = re.sub(r"([?&])ssl=", r"\1sslmode=", url)
    user = re.match(r"postgresql://(\w+)@", url)  # without a password in it
    password = _setting(f"{user[1].upper()}_PASSWORD") if user else None
    arguments: dict[str, Any] = {"connect_timeout": 5} | ({"password": password} if password else {})
    connection = psycopg2.connect(url, **arguments)
    try:
        with connection.cursor() as cursor:
            cursor.execute(_QUERY)
            beats: dict[str, float] = dict(cursor.fetchall())
    finally:
        connection.close()
    return [part for part in PARTS if time.time() - beats.get(part, 0.0) > OLDEST]


def _setting(name: str) -> str | None:
    path = os.environ.get(f"{name}_FILE")
    return os.environ.get(name) or (Path(path).read_text().strip() if path else None)


def main() -> None:
    """What it prints is what Docker shows of the check."""
    try:
        late = late_parts()
    except psycopg2.Error as error:
        sys.exit(f"The heartbeats cannot be read: {error}")
    if late:
        sys.exit(f"No heartbeat for {OLDEST:.0f} s of {', '.join(late)}.")


if __name__ == "__main__":
    main()
