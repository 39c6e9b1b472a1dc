"""Measures Dagster's history of a season that was played tick by tick.

Two full Saturdays are played: 96 ticks each, and the checks after each tick with changed rows, as the sensor requests
them. What the second one writes is the history of a played date; what is left of it after `prune` is that of an older
one. A season has 160 dates, and at most 14 days of them are not pruned, so the figure is for dates that are all full.
Ticks of schedules and sensors are not in it: Dagster deletes those itself.
"""

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa
from dagster._core.storage.runs.sql_run_storage import SqlRunStorage

from benchmarks.code_servers import GAMES, OURS, CodeServers
from benchmarks.table import Row
from pipelines.runtime.prune import SUPERSEDED_DAYS, prune
from simulator.server import Served

SEASON_DATES = 160
_CHECKS = (OURS, "ncaa_checks")
_SATURDAYS = (dt.date(2026, 1, 3), dt.date(2026, 1, 10))
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'dagster'"
_BYTES = f"SELECT sum(pg_total_relation_size(('dagster.' || tablename)::regclass)) FROM ({_TABLES}) AS tables"


def history(servers: CodeServers, api: Served, *, ticks: int) -> Iterator[Row]:
    """Plays the dates with a number of ticks each; 96 are every 15 minutes."""
    sizes = [_megabytes(servers)]
    checked = 0
    for saturday in _SATURDAYS:
        for number in range(ticks):
            moment = dt.datetime.combine(saturday, dt.time()) + number * dt.timedelta(days=1) / ticks
            api.simulator.clock.set(moment, speed=0)
            newest = _materializations(servers)
            servers.run(GAMES, {"dagster/partition": saturday.isoformat(), "dagster/schedule_name": "ncaa_schedule"})
            if _materializations(servers) > newest + 1:  # the date's, and a table's
                servers.run(_CHECKS, {"dagster/sensor_name": "ncaa_table_changes"})
                checked += 1
        sizes.append(_megabytes(servers))
    played = sizes[2] - sizes[1]
    events = servers.instance.event_log_storage.get_maximum_record_id()
    pruned = prune(servers.instance, dt.datetime.now(dt.UTC) + dt.timedelta(days=SUPERSEDED_DAYS + 1))
    older = (_megabytes(servers) - sizes[0]) / len(_SATURDAYS)
    season = SUPERSEDED_DAYS * played + (SEASON_DATES - SUPERSEDED_DAYS) * older
    details = f"{ticks} ticks a date, {checked} runs of the checks, {pruned.superseded} runs pruned"
    yield Row(f"Dagster's history of {SEASON_DATES} full dates", season, 200, "MB", details)
    yield Row("of it a date that was just played; an older one", played, None, "MB", f"{older:.3f} MB; {events} events")


def _megabytes(servers: CodeServers) -> float:
    """Returns the size of Dagster's tables without the space of deleted rows."""
    with _storage(servers).connect() as connection:
        for table in connection.execute(sa.text(_TABLES)).scalars().all():
            connection.execute(sa.text(f"VACUUM FULL dagster.{table}"))
        return float(connection.execute(sa.text(_BYTES)).scalar_one()) / 1e6


def _materializations(servers: CodeServers) -> int:
    query = "SELECT count(*) FROM event_logs WHERE dagster_event_type = 'ASSET_MATERIALIZATION'"
    with _storage(servers).connect() as connection:
        return int(connection.execute(sa.text(query)).scalar_one())


def _storage(servers: CodeServers) -> SqlRunStorage:
    storage = servers.instance.run_storage
    assert isinstance(storage, SqlRunStorage)
    return storage
