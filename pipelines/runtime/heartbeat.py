"""Health check of the Dagster daemon: `python -m pipelines.runtime.heartbeat` fails when it does not do its work.

That is when a part of it is stuck, when the code location is not loaded, when ticks are missed, or when a clock went
back. It runs every 15 seconds and imports only the driver: Dagster's own liveness check, SQLAlchemy or even our
settings would cost seconds of processor time per check.
"""

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Any

import psycopg2

from pipelines.errors import ConfigurationError
from pipelines.postgres.parameters import DEFAULTS, read_parameters
from pipelines.runtime.history import HAS_TABLES, QUERY, History, Problem, find_problems, parse_history


def daemon_problems() -> list[Problem]:
    """Returns what keeps the daemon from its work. Raises `psycopg2.Error` when its tables cannot be read."""
    variable = "DAGSTER_DATABASE_URL" if _setting("DAGSTER_DATABASE_URL") else "DATABASE_URL"
    parameters = DEFAULTS | {"connect_timeout": "5"} | read_parameters(_setting(variable) or "", variable)
    password = _setting(f"{parameters.get('user', '').upper()}_PASSWORD")
    arguments: dict[str, Any] = ({"password": password} if password else {}) | parameters
    connection = psycopg2.connect(**arguments)
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
    except (ConfigurationError, psycopg2.Error) as error:
        sys.exit(f"Dagster's tables cannot be read: {error}")
    if problems:
        sys.exit(" ".join(problem.sentence for problem in problems))


if __name__ == "__main__":
    main()
