"""Reads what Dagster's daemon, schedules and sensors did last, and decides what is wrong with them.

It reads Dagster's tables by SQL and imports only the standard library: importing Dagster costs two seconds of processor
time, and the health check of the daemon runs every 15 seconds.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from pipelines.cadence import TICK

SCHEDULE_NAME: Final = "ncaa_schedule"
PARTS: Final = ("SCHEDULER", "SENSOR", "BACKFILL", "QUEUED_RUN_COORDINATOR")
"""Parts of the daemon that this project needs."""
HEARTBEAT_TIMEOUT: Final = dt.timedelta(minutes=2)
"""Age of the last heartbeat from which a part is stuck; each part sends one every 30 seconds."""
EVALUATION_TIMEOUT: Final = dt.timedelta(minutes=5)
"""Age of the last evaluation of any sensor from which the code location is not loaded. Sensors are evaluated every
minute, one after the other, each for a minute at most."""
TICK_TIMEOUT: Final = 2 * TICK
"""Age of the last tick from which ticks are missed."""
CLOCK_TOLERANCE: Final = dt.timedelta(seconds=60)
"""Difference of two clocks that is not a finding."""
NEVER: Final = dt.datetime.min.replace(tzinfo=dt.UTC)
VALIDATE: Final = "`dagster definitions validate -m pipelines.definitions` shows why"

HAS_TABLES: Final = "SELECT to_regclass('dagster.daemon_heartbeats') IS NOT NULL"
# Dagster's columns of timestamps depend on the session's time zone; the bodies do not.
QUERY: Final = """
    SELECT
        (SELECT coalesce(json_object_agg(daemon_type, CAST(body AS json) -> 'timestamp'), '{}')
        FROM dagster.daemon_heartbeats) AS heartbeats,
        (SELECT coalesce(json_agg(json_build_object(
            'name', state #>> '{origin,job_name}',
            'is_sensor', instigator_type = 'SENSOR',
            'is_on', status <> 'STOPPED',
            'active_at', greatest(
                CAST(state #>> '{job_specific_data,last_sensor_start_timestamp}' AS float),
                CAST(state #>> '{job_specific_data,last_tick_start_timestamp}' AS float),
                CAST(state #>> '{job_specific_data,start_timestamp}' AS float),
                CAST(state #>> '{job_specific_data,last_iteration_timestamp}' AS float)
            ),
            'tick_at', tick ->> 'timestamp',
            'tick_status', tick_status,
            'run_keys', tick -> 'run_keys',
            'skip_reason', tick ->> 'skip_reason',
            'error', tick #>> '{error,message}'
        )), '[]')
        FROM (SELECT *, CAST(instigator_body AS json) AS state FROM dagster.instigators) AS instigators
        LEFT JOIN LATERAL (
            SELECT status AS tick_status, CAST(tick_body AS json) AS tick
            FROM dagster.job_ticks
            WHERE job_ticks.selector_id = instigators.selector_id
            ORDER BY timestamp DESC
            LIMIT 1
        ) AS last_tick ON TRUE) AS automation
"""


class Problem(NamedTuple):
    """Something that is wrong now."""

    cause: str
    """Identifies the problem while it lasts."""
    is_critical: bool
    sentence: str


class Automation(NamedTuple):
    """A schedule or a sensor. Times are aware."""

    name: str
    is_sensor: bool
    is_on: bool
    active_at: dt.datetime | None
    """When it was last evaluated, or turned on after that. Of a schedule, recorded with ticks and once an hour."""
    tick_at: dt.datetime | None
    """Time of the last tick; of a schedule, the time for which it was due."""
    tick: str | None
    """Outcome of the last tick."""
    error: str | None
    """Why the last tick failed."""

    @property
    def last_at(self) -> dt.datetime:
        """The later of the last tick and the last evaluation."""
        return max(self.tick_at or NEVER, self.active_at or NEVER)


class History(NamedTuple):
    """What the daemon did last. Times are aware."""

    heartbeats: Mapping[str, dt.datetime]
    """Last heartbeat of each part of the daemon."""
    automation: Sequence[Automation]

    @property
    def schedule(self) -> Automation | None:
        """The schedule of today's games; None before the code location was first loaded."""
        return next((found for found in self.automation if found.name == SCHEDULE_NAME), None)


def parse_history(heartbeats: Mapping[str, float], automation: Sequence[Mapping[str, Any]]) -> History:
    """Returns the history from the row of `QUERY`."""
    return History(
        {part: _moment(timestamp) for part, timestamp in heartbeats.items()},
        [
            Automation(
                name=row["name"],
                is_sensor=row["is_sensor"],
                is_on=row["is_on"],
                active_at=_moment(row["active_at"]) if row["active_at"] is not None else None,
                tick_at=_moment(row["tick_at"]) if row["tick_at"] is not None else None,
                tick=_outcome(row) if row["tick_at"] is not None else None,
                error=_error(row) if row["tick_status"] == "FAILURE" else None,
            )
            for row in automation
        ],
    )


def find_problems(history: History, now: dt.datetime) -> list[Problem]:
    """Returns what is wrong at an aware moment, without what merely follows from it."""
    beats = {part: history.heartbeats.get(part, NEVER) for part in PARTS}
    active = [found for found in history.automation if found.is_on]
    traces = {f"heartbeat of {part}": at for part, at in beats.items()}
    traces |= {f"tick of {found.name}": found.last_at for found in active}
    ahead = {name: at for name, at in traces.items() if at > now + CLOCK_TOLERANCE}
    late = [part for part, at in beats.items() if now - at > HEARTBEAT_TIMEOUT]
    if ahead:
        # Dagster does nothing until the clock has caught up with them.
        sentence = f"A clock went back: the last {', '.join(ahead)} is in the future, {_format(max(ahead.values()))}."
        return [Problem("clock", True, sentence)]
    if not history.heartbeats:
        return [Problem("daemon", True, "No daemon has run yet.")]
    if len(late) == len(PARTS):
        since = _format(max(beats.values()))
        return [Problem("daemon", True, f"No daemon is running: the last heartbeat was at {since}.")]
    problems = [
        Problem(f"{found.name} off", False, f"{found.name} is turned off.")
        for found in history.automation
        if not found.is_on
    ]
    if late:
        seconds = HEARTBEAT_TIMEOUT.total_seconds()
        problems.append(Problem("heartbeat", True, f"No heartbeat for {seconds:.0f} s of {', '.join(late)}."))
    if not history.automation:
        return [*problems, Problem("code location", True, f"The code location has never been loaded: {VALIDATE}.")]
    evaluated_at = max((found.last_at for found in active if found.is_sensor), default=now)
    if now - evaluated_at > EVALUATION_TIMEOUT:
        sentence = f"The code location is not loaded since {_format(evaluated_at)}: {VALIDATE}."
        return [*problems, Problem("code location", True, sentence)]
    return problems + [problem for found in active for problem in _tick_problems(found, now)]


def _tick_problems(found: Automation, now: dt.datetime) -> list[Problem]:
    if found.error is not None:
        is_critical = found.name == SCHEDULE_NAME
        return [Problem(f"{found.name} failed", is_critical, f"The last tick of {found.name} failed: {found.error}")]
    if found.name == SCHEDULE_NAME and now - found.last_at > TICK_TIMEOUT:
        return [Problem(f"{found.name} late", True, f"No tick of {found.name} since {_format(found.last_at)}.")]
    return []


def _outcome(row: Mapping[str, Any]) -> str:
    if row["tick_status"] == "SUCCESS":
        return f"requested {', '.join(sorted(row['run_keys']))}"
    if row["tick_status"] == "SKIPPED":
        return f"skipped: {row['skip_reason']}"
    return f"failed: {_error(row)}" if row["tick_status"] == "FAILURE" else "under way"


def _error(row: Mapping[str, Any]) -> str:
    return str(row["error"] or "no reason").strip()


def _moment(timestamp: float | str) -> dt.datetime:
    return dt.datetime.fromtimestamp(float(timestamp), dt.UTC)


def _format(moment: dt.datetime) -> str:
    return f"{moment.astimezone(ZoneInfo('America/New_York')):%Y-%m-%d %H:%M} ET"
