"""Health check of the Dagster daemon: `python -m pipelines.runtime.heartbeat` fails when one of its parts is stuck.

It reads the heartbeats from Dagster's tables. It runs every 30 seconds and imports only the driver: Dagster's own
liveness check, SQLAlchemy or even our settings would cost seconds of processor time per check.
"""

import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2

PARTS = ("SCHEDULER", "SENSOR", "BACKFILL", "QUEUED_RUN_COORDINATOR")
TIMEOUT_SECONDS = 120.0  # each part sends a heartbeat every 30 seconds
# The column `timestamp` depends on the session's time zone; the body does not.
_QUERY = "SELECT daemon_type, CAST(CAST(body AS json) ->> 'timestamp' AS float) FROM dagster.daemon_heartbeats"


def late_parts() -> list[str]:
    """Returns the parts of the daemon without a recent heartbeat. Raises `psycopg2.Error` when they cannot be read."""
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
    return [part for part in PARTS if time.time() - beats.get(part, 0.0) > TIMEOUT_SECONDS]


def _setting(name: str) -> str | None:
    path = os.environ.get(f"{name}_FILE")
    return os.environ.get(name) or (Path(path).read_text().strip() if path else None)


def main() -> None:
    """Exits with a sentence, which Docker shows as the check's output."""
    try:
        late = late_parts()
    except psycopg2.Error as error:
        sys.exit(f"The heartbeats cannot be read: {error}")
    if late:
        sys.exit(f"No heartbeat for {TIMEOUT_SECONDS:.0f} s of {', '.join(late)}.")


if __name__ == "__main__":
    main()
