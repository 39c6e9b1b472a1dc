"""Runs `ncaa_games` at explicit times, which the pipeline, Dagster and the simulator share."""

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import dagster as dg
import pytest
import sqlalchemy as sa
import time_machine
from dagster._core.execution.plan import active
from support.builders import at
from support.clock import TravellingDatabaseResource

from pipelines.assets import ncaa_games
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.rate_limit import RateLimit
from pipelines.resources import EventLogResource, NcaaApiResource
from simulator.server import Served

QUARTER = dt.timedelta(minutes=15)


class Ticks:
    """Runs `ncaa_games` in this process."""

    def __init__(self, url: sa.URL, api: Served, instance: dg.DagsterInstance, clock: time_machine.Traveller) -> None:
        target = url.render_as_string(hide_password=False)
        self.instance = instance
        self.api = api
        self.clock = clock
        self._resources = {
            "database": TravellingDatabaseResource(url=target),
            "event_log": EventLogResource(),
            "ncaa_api": NcaaApiResource(base_url=api.url, database_url=target),
        }

    def go_to(self, moment: dt.datetime | str) -> None:
        """Moves the clock; text is US Eastern."""
        self.clock.move_to(at(moment) if isinstance(moment, str) else moment)

    def run(self, date: str, **tags: str) -> dg.ExecuteInProcessResult:
        """Runs one date now; the clock jumps over the waits of retries."""
        return dg.materialize(
            [ncaa_games],
            partition_key=date,
            instance=self.instance,
            resources=self._resources,
            tags=tags,
            raise_on_error=False,
        )


@contextmanager
def ticking(url: sa.URL, api: Served, start: str) -> Iterator[Ticks]:
    """Yields ticks from `start` on: an instance without history, no rate limit, a client timeout of two seconds."""
    with (
        pytest.MonkeyPatch.context() as patch,
        dg.DagsterInstance.ephemeral() as instance,
        time_machine.travel(at(start)) as clock,
    ):
        patch.setenv("NCAA_API_REQUESTS_PER_SECOND", "inf")
        patch.setitem(NcaaClient.__init__.__kwdefaults__, "timeout", 2.0)
        patch.setattr(RateLimit, "_now", _now)
        patch.setattr(active, "time", SimpleNamespace(time=time.time, sleep=clock.shift))
        yield Ticks(url, api, instance, clock)


async def _now(limit: RateLimit) -> dt.datetime:
    """Stands in for the database's clock, which does not travel."""
    return dt.datetime.now(dt.UTC)


def ticks_of(date: str) -> list[dt.datetime]:
    """Returns the 96 ticks of a date, US Eastern (92 or 100 on the days when clocks change)."""
    start, end = at(f"{date} 00:00"), at(f"{dt.date.fromisoformat(date) + dt.timedelta(days=1)} 00:00")
    return [start + QUARTER * number for number in range(int((end - start) / QUARTER))]
