"""`fetched_at` is the moment at which the database granted the permit to send."""

import asyncio
import datetime as dt
import socket
import time
from collections.abc import Callable

import pytest
import time_machine
from support.api import Answer, Api
from support.client import BODY, DATE

from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.rate_limit import RateLimit
from pipelines.ncaa.scoreboard import ScoreboardResponse
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings

Rows = Callable[[str], list[dict[str, dt.datetime]]]
UNLIMITED = float("inf")


def fetch(settings: Settings, api: Api, per_second: float, requests: int = 1) -> list[ScoreboardResponse]:
    async def run() -> list[ScoreboardResponse]:
        async with (
            Database(settings) as database,
            RateLimit(database, per_second) as limit,
            NcaaClient(api.url, limit=limit) as client,
        ):
            return await asyncio.gather(*(client.scoreboard(MENS_BASKETBALL, DATE) for _ in range(requests)))

    return asyncio.run(run())


@pytest.mark.parametrize("per_second", [5.0, UNLIMITED])
@pytest.mark.parametrize("days", [-3, 3])
def test_a_wrong_clock_of_the_host_does_not_move_it(
    settings: Settings, api: Api, rows: Rows, per_second: float, days: int
) -> None:
    api.always(Answer(BODY))
    [before] = rows("SELECT clock_timestamp() AS now")
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=days)):
        [answer] = fetch(settings, api, per_second)
    [after] = rows("SELECT clock_timestamp() AS now")
    assert before["now"] < answer.fetched_at < after["now"]


@pytest.mark.parametrize("per_second", [5.0, UNLIMITED])
def test_it_is_before_the_answer_and_not_before_the_wait_for_the_permit(
    settings: Settings, api: Api, rows: Rows, per_second: float
) -> None:
    def slow(connection: socket.socket) -> None:
        time.sleep(0.5)
        connection.sendall(Answer(BODY).encode())

    api.always(slow)
    answers = fetch(settings, api, per_second, requests=3)
    [after] = rows("SELECT clock_timestamp() AS now")
    moments = sorted(answer.fetched_at for answer in answers)
    assert after["now"] - moments[-1] >= dt.timedelta(seconds=0.5)
    if per_second < UNLIMITED:
        assert moments[2] - moments[0] >= dt.timedelta(seconds=0.4)
