"""The API's limit over processes, as a server sees it that counts."""

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from support.counting import Arrivals, ask, busiest, counting_server

from pipelines.errors import DatabaseUnreachableError
from pipelines.ncaa.rate_limit import RateLimit
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings

PER_SECOND = 5.0


@pytest.fixture
def arrivals() -> Any:
    with counting_server() as found:
        yield found


def start(name: str, settings: Settings, arrivals: Arrivals, dates: int) -> multiprocessing.Process:
    """A process that asks for so many dates, as fast as it is let."""
    context = multiprocessing.get_context("spawn")
    assert settings.database_url is not None
    process = context.Process(
        target=ask, args=(name, settings.database_url.get_secret_value(), arrivals.url, PER_SECOND, dates)
    )
    process.start()
    return process


@pytest.mark.slow
def test_all_processes_on_a_database_together_keep_the_limit(settings: Settings, arrivals: Arrivals) -> None:
    processes = [start(f"run{n}", settings, arrivals, dates) for n, dates in enumerate((14, 8, 5, 5))]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert len(arrivals.times) == 32
    assert busiest(arrivals.times, seconds=1) <= 6
    assert busiest(arrivals.times, seconds=5) <= 26


@pytest.mark.slow
def test_a_single_request_does_not_stand_behind_a_backfill(settings: Settings, arrivals: Arrivals) -> None:
    backfill = start("backfill", settings, arrivals, 40)
    wait_until(lambda: len(arrivals.times) >= 3)

    async def tick() -> float:
        async with Database(settings) as database, RateLimit(database, PER_SECOND) as limit:
            async with limit.permit():
                pass  # connects
            asked = time.monotonic()
            async with limit.permit():
                return time.monotonic() - asked

    assert asyncio.run(tick()) < 2
    assert backfill.is_alive(), "the backfill was still under way"
    kill(backfill)


@pytest.mark.slow
def test_a_killed_process_blocks_nobody(settings: Settings, arrivals: Arrivals) -> None:
    first, second = start("first", settings, arrivals, 200), start("second", settings, arrivals, 200)
    wait_until(lambda: len(arrivals.of["first"]) >= 3 and len(arrivals.of["second"]) >= 3)
    kill(first)
    killed, seen = time.monotonic(), len(arrivals.of["second"])
    wait_until(lambda: len(arrivals.of["second"]) > seen + 1)
    assert arrivals.of["second"][seen + 1] - killed < 5
    kill(second)


@pytest.mark.slow
def test_a_process_that_hangs_with_a_turn_loses_it(settings: Settings, arrivals: Arrivals) -> None:
    hanging = start("hanging", settings, arrivals, 100)
    wait_until(lambda: len(arrivals.times) >= 3)
    assert hanging.pid is not None
    os.kill(hanging.pid, signal.SIGSTOP)
    other = start("other", settings, arrivals, 2)
    other.join(20)
    assert other.exitcode == 0
    kill(hanging)


def test_a_turn_that_was_given_up_is_not_spent(settings: Settings) -> None:
    async def run() -> float:
        async with Database(settings) as database, RateLimit(database, 2.0) as limit:

            async def take() -> None:
                async with limit.permit():
                    pass

            await take()
            given_up = [asyncio.create_task(take()) for _ in range(20)]
            await asyncio.sleep(0)
            for task in given_up:
                task.cancel()
            started = time.monotonic()
            await take()
            return time.monotonic() - started

    assert asyncio.run(run()) < 1.5


def test_an_unusable_database_is_an_error_of_the_one_who_asks(database_url: sa.URL, settings: Settings) -> None:
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
