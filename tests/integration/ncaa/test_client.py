"""The client over real sockets: its requests, and complete answers."""

import asyncio
import datetime as dt
import gzip
import socket
import time
from importlib.metadata import version

import pytest
from support.api import Answer, Api, head
from support.client import BODY, DATE, KEY, PATH, fetch

from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ScoreboardResponse


def test_the_body_is_returned_unchanged(api: Api) -> None:
    body = '{"games": [], "note": "\\u0000 Grüße"}\n'.encode()
    api.answer_with({"2026-02-03": body})
    before = dt.datetime.now(dt.UTC)
    answer = fetch(api.url)
    assert (answer.game_date, answer.body, answer.source_url) == (DATE, body, api.url + PATH)
    assert before <= answer.fetched_at <= dt.datetime.now(dt.UTC)


def test_fetched_at_is_the_moment_of_the_request_and_not_of_the_answer(api: Api) -> None:
    def slow(connection: socket.socket) -> None:
        time.sleep(0.3)
        connection.sendall(Answer(BODY).encode())

    api.always(slow)
    answer = fetch(api.url)
    assert dt.datetime.now(dt.UTC) - answer.fetched_at >= dt.timedelta(seconds=0.3)


def test_month_and_day_are_zero_padded_since_other_paths_give_todays_games(api: Api) -> None:
    api.answer_with({"2026-02-03": BODY})
    fetch(api.url)
    assert api.requests == [PATH]


@pytest.mark.parametrize("base", ["", "/", "/api/v1", "/api/v1/"])
def test_the_base_url_may_end_with_a_path_or_a_slash(api: Api, base: str) -> None:
    api.always(Answer(BODY))
    assert fetch(api.url + base).source_url == api.url + base.rstrip("/") + PATH
    assert api.requests == [base.rstrip("/") + PATH]


@pytest.mark.parametrize(
    ("contact", "suffix"), [(None, ""), ("https://forge.example/fan/games", " (+https://forge.example/fan/games)")]
)
def test_the_user_agent_has_name_version_and_contact_and_no_key_is_sent(
    api: Api, contact: str | None, suffix: str
) -> None:
    api.answer_with({"2026-02-03": BODY})
    fetch(api.url, contact=contact)
    [request] = api.received
    assert request.headers["user-agent"] == f"gamepulse/{version('gamepulse')}{suffix}"
    assert request.headers["accept"] == "application/json"
    assert "x-ncaa-key" not in request.headers


def test_a_key_is_sent(api: Api) -> None:
    api.answer_with({"2026-02-03": BODY})
    fetch(api.url, key=KEY)
    assert api.received[0].headers["x-ncaa-key"] == KEY


def test_concurrent_dates_each_get_their_own_answer(api: Api) -> None:
    dates = [DATE + dt.timedelta(days=days) for days in range(12)]
    bodies = {date.isoformat(): f'{{"games": [], "day": "{date}"}}'.encode() for date in dates}
    api.answer_with(bodies)

    async def run() -> list[ScoreboardResponse]:
        async with NcaaClient(api.url) as client:
            return await asyncio.gather(*(client.scoreboard(MENS_BASKETBALL, date) for date in dates))

    answers = asyncio.run(run())
    assert {answer.game_date.isoformat(): answer.body for answer in answers} == bodies


def test_requests_share_a_connection(api: Api) -> None:
    api.always(Answer(BODY))
    assert fetch_three_times(api.url) == [BODY] * 3
    assert (len(api.requests), api.connections) == (3, 1)


def test_a_connection_that_the_server_closed_is_replaced(api: Api) -> None:
    api.always(lambda connection: connection.sendall(head(Content_Length=len(BODY)) + BODY))  # keep-alive, then closed
    assert fetch_three_times(api.url) == [BODY] * 3
    assert (len(api.requests), api.connections) == (3, 3)


def fetch_three_times(url: str) -> list[bytes]:
    async def run() -> list[bytes]:
        bodies = []
        async with NcaaClient(url) as client:
            for _ in range(3):
                bodies.append((await client.scoreboard(MENS_BASKETBALL, DATE)).body)
                await asyncio.sleep(0.05)
        return bodies

    return asyncio.run(run())


def test_a_gzipped_answer_is_decompressed(api: Api) -> None:
    api.always(Answer(gzip.compress(BODY), headers={"Content-Encoding": "gzip"}))
    assert fetch(api.url).body == BODY
    assert "gzip" in api.received[0].headers["accept-encoding"]
