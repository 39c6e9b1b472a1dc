"""The rate limit over several processes, measured by the server."""

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
import sqlalchemy as sa
from pydantic import SecretStr, ValidationError
from support.api import Answer, Api
from support.client import fetch_many

from models.turns import API_TURN, take_turn
from pipelines.errors import DatabaseUnreachableError
from pipelines.ncaa import rate_limit
from pipelines.ncaa.rate_limit import RateLimit
from pipelines.postgres import sessions
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings

PER_SECOND = 5.0


@pytest.fixture(autouse=True)
def empty_answers(api: Api) -> None:
    api.always(Answer())


def arrivals(api: Api, name: str = "") -> list[float]:
    """Returns when requests arrived, of all processes or of the one named."""
    return sorted(request.arrived for request in api.received if request.path.startswith(f"/{name}"))


def busiest(times: list[float], seconds: float) -> int:
    """Returns the most arrivals in a window of this length."""
    return max(sum(first <= time < first + seconds for time in times) for first in times)


def start(
    name: str, settings: Settings, api: Api, dates: int, per_second: float = PER_SECOND
) -> multiprocessing.Process:
    """Starts a process that fetches so many dates as fast as the limit permits."""
    context = multiprocessing.get_context("spawn")
    assert settings.database_url is not None
    process = context.Process(
        target=fetch_many, args=(name, settings.database_url.get_secret_value(), api.url, per_second, dates)
    )
    process.start()
    return process


@pytest.mark.slow
def test_processes_on_one_database_share_the_limit(settings: Settings, api: Api) -> None:
    processes = [start(f"run{n}", settings, api, dates) for n, dates in enumerate((14, 8, 5, 5))]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert len(api.received) == 32
    assert busiest(arrivals(api), seconds=1) <= 6
    assert busiest(arrivals(api), seconds=5) <= 26


@pytest.mark.slow
def test_a_single_request_does_not_wait_for_a_backfill(settings: Settings, api: Api) -> None:
    backfill = start("backfill", settings, api, 40)
    wait_until(lambda: len(api.received) >= 3)

    async def tick() -> float:
        async with Database(settings) as database, RateLimit(database, PER_SECOND) as limit:
            async with limit.permit():
                pass  # connects
            requested = time.monotonic()
            async with limit.permit():
                return time.monotonic() - requested

    assert asyncio.run(tick()) < 2
    assert backfill.is_alive(), "the backfill is still running"
    kill(backfill)


def test_a_permit_that_yields_comes_after_those_that_are_waited_for(settings: Settings) -> None:
    granted: list[str] = []

    async def take(database: Database, name: str, *, yields: bool) -> None:
        async with RateLimit(database, 20) as limit, limit.permit(yields=yields):
            granted.append(name)

    async def run() -> None:
        async with (
            Database(settings) as database,
            asyncio.TaskGroup() as tasks,
            database.get_session() as session,
        ):
            await (await session.connection()).exec_driver_sql(take_turn(API_TURN))
            tasks.create_task(take(database, "details", yields=True))
            await asyncio.sleep(0.3)
            tasks.create_task(take(database, "tick", yields=False))
            await asyncio.sleep(0.3)
            assert granted == []

    asyncio.run(run())
    assert granted == ["tick", "details"]


@pytest.mark.slow
def test_a_killed_process_blocks_nobody(settings: Settings, api: Api) -> None:
    first, second = start("first", settings, api, 200), start("second", settings, api, 200)
    wait_until(lambda: len(arrivals(api, "first")) >= 3 and len(arrivals(api, "second")) >= 3)
    kill(first)
    killed, seen = time.monotonic(), len(arrivals(api, "second"))
    wait_until(lambda: len(arrivals(api, "second")) > seen + 1)
    assert arrivals(api, "second")[seen + 1] - killed < 5
    kill(second)


@pytest.mark.slow
def test_a_process_that_hangs_with_a_permit_loses_it(settings: Settings, api: Api) -> None:
    hanging = start("hanging", settings, api, 100)
    wait_until(lambda: len(api.received) >= 3)
    assert hanging.pid is not None
    os.kill(hanging.pid, signal.SIGSTOP)
    other = start("other", settings, api, 2)
    other.join(20)
    assert other.exitcode == 0
    kill(hanging)


@pytest.mark.slow
def test_two_processes_keep_a_limit_below_one_request_in_five_seconds(settings: Settings, api: Api) -> None:
    processes = [start(name, settings, api, 2, per_second=0.15) for name in ("first", "second")]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    times = arrivals(api)
    assert len(times) == 4
    assert min(after - before for before, after in pairwise(times)) >= 1 / 0.15 - 0.1


def take_permits(settings: Settings, per_second: float, processes: int) -> list[float]:
    """Takes one permit with each of so many limits at once, as processes do; returns when they were granted."""

    async def take() -> float:
        async with Database(settings) as database, RateLimit(database, per_second) as limit, limit.permit():
            return time.monotonic()

    async def run() -> list[float]:
        return sorted(await asyncio.gather(*(take() for _ in range(processes))))

    return asyncio.run(run())


def test_an_interval_longer_than_the_margin_for_hung_processes_is_kept(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "HUNG_SECONDS", 0.4)
    first, second, third = take_permits(settings, per_second=1.0, processes=3)
    assert second - first >= 0.95
    assert third - second >= 0.95


def test_a_permit_is_waited_for_longer_than_any_other_lock(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sessions.SERVER_SETTINGS, "lock_timeout", "200ms")
    monkeypatch.setitem(sessions.SERVER_SETTINGS, "statement_timeout", "300ms")
    assert len(take_permits(settings, per_second=2.0, processes=3)) == 3


@pytest.mark.parametrize("per_second", ["0", "-1", "0.0009", "nan", "fast"])
def test_a_limit_that_cannot_be_kept_is_refused(per_second: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCAA_API_REQUESTS_PER_SECOND", per_second)
    with pytest.raises(ValidationError, match="ncaa_api_requests_per_second"):
        Settings()


def test_a_canceled_permit_is_not_spent(settings: Settings) -> None:
    async def run() -> float:
        async with Database(settings) as database, RateLimit(database, 2.0) as limit:

            async def take() -> None:
                async with limit.permit():
                    pass

            await take()
            canceled = [asyncio.create_task(take()) for _ in range(20)]
            await asyncio.sleep(0)
            for task in canceled:
                task.cancel()
            started = time.monotonic()
            await take()
            return time.monotonic() - started

    assert asyncio.run(run()) < 1.5


def test_an_unreachable_database_is_an_error_of_each_request(database_url: sa.URL, settings: Settings) -> None:
    gone = settings.model_copy(
        update={"database_url": SecretStr(database_url.set(port=1).render_as_string(hide_password=False))}
    )

    async def run() -> None:
        async with Database(gone) as database, RateLimit(database, PER_SECOND) as limit:
            for _ in range(2):
                with pytest.raises(DatabaseUnreachableError):
                    async with limit.permit():
                        pass

    asyncio.run(run())


def wait_until(reached: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kill(process: multiprocessing.Process) -> None:
    process.kill()
    process.join()
