"""Plays a season tick by tick: runs what schedule and repairs request, at explicit times."""

import asyncio
import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import dagster as dg
import pytest
import sqlalchemy as sa
import time_machine
from support.builders import at
from support.clock import TravellingDatabase
from support.dagster_stack import PROJECT
from support.invariants import QUIET
from support.postgres_servers import settings_for

from pipelines.assets.checks import run_checks
from pipelines.definitions import defs
from pipelines.errors import GamePulseError
from pipelines.ingest import ingest_dates, ingest_details, ingest_standings
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.database import connect
from pipelines.postgres.sessions import Database
from pipelines.runtime.runs import REASON_TAG
from pipelines.schedules import ncaa_details_schedule, ncaa_schedule
from pipelines.seasons import EASTERN
from pipelines.sensors import repairs
from pipelines.warehouse.details import pending_details
from pipelines.warehouse.requested_dates import record_outcomes, request_dates
from pipelines.warehouse.standings import Audit
from simulator.server import Served

DAY = dt.timedelta(days=1)
_DUE = """
    SELECT game_date
    FROM scoreboard
    WHERE game_date >= CAST(:week AS date)
      AND CASE WHEN :is_noon THEN game_date <= CAST(:yesterday AS date) AND settled_at IS NULL
          ELSE game_date = CAST(:yesterday AS date) AND EXISTS (
              SELECT FROM fact_game
              WHERE fact_game.game_date = scoreboard.game_date AND game_status IN ('scheduled', 'live')
          ) END
"""


class SeasonPlayer:
    """Evaluates schedule and repairs as the daemon does, without its waits, and runs what they request.

    A run only ingests its date: a process and a step of Dagster would take half a second each.
    """

    def __init__(
        self,
        runner: asyncio.Runner,
        clock: time_machine.Traveller,
        database: Database,
        client: NcaaClient,
        instance: dg.DagsterInstance,
        url: sa.URL,
    ) -> None:
        self.instance = instance
        self._url = url
        self.reasons: dict[str, list[str]] = {}
        """The reasons of the requests for each date, in order."""
        self._runner = runner
        self._clock = clock
        self._database = database
        self._client = client

    def play(self, start: str, end: str, step: dt.timedelta) -> None:
        """Runs all ticks from `start` to `end`, US Eastern, `step` apart, and the repairs at each full hour."""
        moment, last = at(start), at(end)
        while moment <= last:
            self._clock.move_to(moment)
            self.tick(moment)
            if moment.minute == 0:
                self.repair(moment)
            moment += step

    def poll(self, start: str, end: str, step: dt.timedelta) -> None:
        """Loads what schedule and repairs would request from `start` to `end`, without asking them.

        Today at each tick, yesterday until its games are over, and at noon the dates of the week that are not settled
        and the details of games. Dagster's evaluation of a tick would take most of the time.
        """
        moment, last = at(start), at(end)
        while moment <= last:
            self._clock.move_to(moment)
            now = moment.astimezone(EASTERN)
            today, is_noon = now.date(), (now.hour, now.minute) == (12, 0)
            with connect(self._url) as connection:
                values = {"week": today - 7 * DAY, "yesterday": today - DAY, "is_noon": is_noon}
                due = connection.scalars(sa.text(_DUE), values).all()
            self._runner.run(self._ingest([today, *due]))
            if is_noon:
                self.load_details(today)
            moment += step

    def repair(self, moment: dt.datetime) -> None:
        """Runs what the repairs request."""
        with connect(self._url) as connection:
            requests = repairs(self.instance, connection, moment)
            connection.commit()
        self._run(requests)

    def load(self, start: str, dates: Collection[dt.date]) -> None:
        """Loads dates at `start`, US Eastern, as a person's backfill does."""
        self._clock.move_to(at(start))
        with connect(self._url) as connection:
            request_dates(connection, MENS_BASKETBALL.sport, list(dates), "backfill", at(start))
            connection.commit()
        self._ingest_dates(dates)

    def load_details(self, today: dt.date) -> None:
        """Loads the details of the final games of the week before `today`, as each morning's run does."""
        with connect(self._url) as connection:
            week = [today - days * DAY for days in range(8)]
            pending = pending_details(connection, MENS_BASKETBALL.sport, week)
        self._runner.run(self._ingest_details(pending))

    def load_standings(self, start: str) -> Audit:
        """Loads the standings at `start`, US Eastern, as each morning's run does."""
        self._clock.move_to(at(start))
        ingesting = ingest_standings(at(start).date(), MENS_BASKETBALL, self._client, self._database)
        return self._runner.run(ingesting).audit

    def request_details(self, moment: dt.datetime) -> None:
        """Runs what the schedule of details requests, with the retries of its runs."""
        self._clock.move_to(moment)
        dates = _dates(self._requests_of(ncaa_details_schedule, moment))
        for wait in (2, 4, 8, 0):
            with connect(self._url) as connection:
                pending = pending_details(connection, MENS_BASKETBALL.sport, dates)
            if not self._runner.run(self._ingest_details(pending)):
                return
            self._clock.shift(wait)

    async def _ingest_details(self, pending: Mapping[dt.date, Sequence[int]]) -> bool:
        """Returns whether a run of them would be retried."""
        is_retried = False
        async for _, outcome in ingest_details(pending, MENS_BASKETBALL, self._client, self._database, QUIET):
            assert not isinstance(outcome, GamePulseError), outcome
            is_retried |= any(error.retryable for error in outcome.failures.values())
        return is_retried

    def failed_checks(self) -> dict[str, str]:
        """Returns the descriptions of the checks that fail now."""
        results = self._runner.run(run_checks(self._database, dt.datetime.now(dt.UTC)))
        return {str(result.check_name): str(result.description) for result in results if not result.passed}

    def tick(self, moment: dt.datetime) -> None:
        """Runs one tick of the schedule."""
        requests = self._requests_of(ncaa_schedule, moment)
        with connect(self._url) as connection:
            request_dates(connection, MENS_BASKETBALL.sport, _dates(requests), "schedule", moment)
            connection.commit()
        self._run(requests)

    def _requests_of(self, schedule: dg.ScheduleDefinition, moment: dt.datetime) -> list[dg.RunRequest]:
        with dg.build_schedule_context(
            instance=self.instance, repository_def=defs.get_repository_def(), scheduled_execution_time=moment
        ) as context:
            context._instance = self.instance  # otherwise each tick opens a new instance
            return list(schedule.evaluate_tick(context).run_requests or [])

    def _run(self, requests: list[dg.RunRequest]) -> None:
        for request in requests:
            self.reasons.setdefault(request.partition_key or "", []).append(request.tags[REASON_TAG])
        self._ingest_dates(_dates(requests))

    def _ingest_dates(self, dates: Collection[dt.date]) -> None:
        outcomes = self._runner.run(self._ingest(dates))
        with connect(self._url) as connection:
            record_outcomes(connection, MENS_BASKETBALL.sport, outcomes)
            connection.commit()

    async def _ingest(self, dates: Collection[dt.date]) -> dict[dt.date, GamePulseError | None]:
        outcomes = ingest_dates(list(dates), MENS_BASKETBALL, self._client, self._database, QUIET)
        return {date: outcome if isinstance(outcome, GamePulseError) else None async for date, outcome in outcomes}


def _dates(requests: Sequence[dg.RunRequest]) -> list[dt.date]:
    return [dt.date.fromisoformat(request.partition_key or "") for request in requests]


@contextmanager
def playing(url: sa.URL, api: Served, start: str) -> Iterator[SeasonPlayer]:
    """Yields a player at `start`, US Eastern, whose Dagster instance has no history. The API shares its clock."""
    with (
        pytest.MonkeyPatch.context() as patch,
        ExitStack() as stack,
        asyncio.Runner() as runner,
        time_machine.travel(at(start)) as clock,
    ):
        patch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
        instance = stack.enter_context(dg.DagsterInstance.from_config(str(PROJECT)))
        database, client = TravellingDatabase(settings_for(url)), NcaaClient(api.url)
        try:
            yield SeasonPlayer(runner, clock, database, client, instance, url)
        finally:
            runner.run(client.__aexit__(None, None, None))
            runner.run(database.__aexit__(None, None, None))
