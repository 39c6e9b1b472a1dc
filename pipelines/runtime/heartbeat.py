"""Health check of the Dagster daemon: `python -m pipelines.runtime.heartbeat` fails when it does not do its work.

That is when a part of it is stuck, when the code location is not loaded, when ticks are missed, or when a clock went
back. It runs every 15 seconds and imports only the driver: Dagster's own liveness check, SQLAlchemy or even our
settings would cost seconds of processor time per check.
"""

import datetime as dt
import os
import re
import sys
from pathlib import Path
from typing import Any

import psycopg2

from pipelines.runtime.history import HAS_TABLES, QUERY, History, Problem, find_problems, parse_history


def daemon_problems() -> list[Problem]:
    """Returns what keeps the daemon from its work. Raises `psycopg2.Error` when its tables cannot be read."""
    url = _setting("DAGSTER_DATABASE_URL") or _setting("DATABASE_URL") or ""
    url = re.sub(r"^postgres(ql)?(\+\w+)?:", "postgresql:", url)
    url = re.sub(r"([?&])ssl=", r"\1sslmode=", url)
    user = re.match(r"postgresql://(\w+)@", url)  # without a password in it
    password = _setting(f"{user[1].upper()}_PASSWORD") if user else None
    arguments: dict[str, Any] = {"connect_timeout": 5} | ({"password": password} if password else {})
    connection = psycopg2.connect(url, **arguments)
    try:
        with connection.cursor() as cursor:
            cursor.execute(HAS_TABLES)
            history = History({}, [])
            if cursor.fetchall() == [(True,)]:
                cursor.execute(QUERY)
                [row] = cursor.fetchall()
                history = parse_history(*row)
    finally:
        connection.close()
    return [problem for problem in find_problems(history, dt.datetime.now(dt.UTC)) if problem.is_critical]


def _setting(name: str) -> str | None:
    path = os.environ.get(f"{name}_FILE")
    return os.environ.get(name) or (Path(path).read_text().strip() if path else None)


def main() -> None:
    """Exits with a sentence, which Docker shows as the check's output."""
    try:
        problems = daemon_problems()
    except psycopg2.Error as error:
        sys.exit(f"Dagster's tables cannot be read: {error}")
    if problems:
        sys.exit(" ".join(problem.sentence for problem in problems))


if __name__ == "__main__":
    main()
