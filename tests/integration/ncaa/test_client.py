"""The client over real sockets: what it asks for, and how."""

import asyncio
import datetime as dt
import gzip
import socket
import time
from typing import Any

import pytest
from support.wire import BODY, DATE, KEY, PATH, Wire, ask, head, says

from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ScoreboardResponse


def test_an_answer_is_handed_on_as_it_came(api: Any) -> None:
    body = '{"games": [], "note": "\\u0000 Grüße"}\n'.encode()
    api.answer_with({"2026-02-03": body})
    before = dt.datetime.now(dt.UTC)
    answer = ask(api.url)
    assert (answer.game_date, answer.body, answer.source_url) == (DATE, body, api.url + PATH)
    assert before <= answer.fetched_at <= dt.datetime.now(dt.UTC)


def test_a_scoreboard_was_fetched_when_it_was_asked_for_and_not_when_it_came(wire: Wire) -> None:
    def slow(connection: socket.socket) -> None:
        time.sleep(0.3)
        connection.sendall(head(Content_Length=len(BODY)) + BODY)

    wire.script = slow
    answer = ask(wire.url)
    assert dt.datetime.now(dt.UTC) - answer.fetched_at >= dt.timedelta(seconds=0.3)


def test_month_and_day_are_zero_padded_since_any_other_path_gives_todays_games(api: Any) -> None:
    api.answer_with({"2026-02-03": BODY})
    ask(api.url)
    assert api.requests == [PATH]


@pytest.mark.parametrize("base", ["", "/", "/api/v1", "/api/v1/"])
def test_the_base_url_may_end_with_a_path_or_a_slash(wire: Wire, base: str) -> None:
    wire.script = says(BODY)
    assert ask(wire.url + base).source_url == wire.url + base.rstrip("/") + PATH
    assert wire.requests[0].startswith(f"GET {base.rstrip('/')}{PATH} HTTP/1.1")


def test_a_request_says_who_asks_and_carries_no_key_unless_there_is_one(api: Any) -> None:
    api.answer_with({"2026-02-03": BODY})
    ask(api.url)
    headers = {name.lower(): value for name, value in api.headers[0].items()}
    assert headers["user-agent"].startswith("gamepulse/")
    assert "http" in headers["user-agent"], "where to complain"
    assert headers["accept"] == "application/json"
    assert "x-ncaa-key" not in headers


def test_a_key_is_sent(api: Any) -> None:
    api.answer_with({"2026-02-03": BODY})
    ask(api.url, key=KEY)
    assert {name.lower(): value for name, value in api.headers[0].items()}["x-ncaa-key"] == KEY


def test_dates_asked_for_at_once_each_get_their_own_answer(api: Any) -> None:
    dates = [DATE + dt.timedelta(days=days) for days in range(12)]
    bodies = {date.isoformat(): f'{{"games": [], "day": "{date}"}}'.encode() for date in dates}
    api.answer_with(bodies)

    async def run() -> list[ScoreboardResponse]:
        async with NcaaClient(api.url) as client:
            return await asyncio.gather(*(client.scoreboard(MENS_BASKETBALL, date) for date in dates))

    answers = asyncio.run(run())
    assert {answer.game_date.isoformat(): answer.body for answer in answers} == bodies


def test_a_connection_that_the_server_closed_meanwhile_is_replaced(wire: Wire) -> None:
    wire.script = says(BODY)  # promises to keep the connection, and closes it

    async def run() -> None:
        async with NcaaClient(wire.url) as client:
            for _ in range(3):
                assert (await client.scoreboard(MENS_BASKETBALL, DATE)).body == BODY
                await asyncio.sleep(0.05)

    asyncio.run(run())
    assert len(wire.requests) == 3


def test_a_gzipped_answer_is_unpacked(wire: Wire) -> None:
    packed = gzip.compress(BODY)
    wire.script = says(packed, Content_Encoding="gzip")
    assert ask(wire.url).body == BODY
    assert "gzip" in wire.requests[0].lower()
