"""Answers other than 200: errors that say what came, and whether asking again may help."""

import time
from typing import Any

import pytest
from support.wire import BODY, KEY, PATH, Wire, ask, assert_is_a_sentence, says

from pipelines.errors import (
    NcaaApiError,
    RateLimitedError,
    RequestRefusedError,
    UpstreamFailedError,
)


@pytest.mark.parametrize(
    ("status", "expected", "retryable"),
    [
        ("404 Not Found", UpstreamFailedError, True),
        ("500 Internal Server Error", UpstreamFailedError, True),
        ("502 Bad Gateway", UpstreamFailedError, True),
        ("503 Service Unavailable", UpstreamFailedError, True),
        ("522 ", UpstreamFailedError, True),
        ("429 Too Many Requests", RateLimitedError, True),
        ("400 Bad Request", RequestRefusedError, False),
        ("401 Unauthorized", RequestRefusedError, False),
        ("403 Forbidden", RequestRefusedError, False),
        ("422 Unprocessable Content", RequestRefusedError, False),
        ("204 No Content", RequestRefusedError, False),
        ("301 Moved Permanently", RequestRefusedError, False),
    ],
)
def test_any_other_status_than_200_is_an_error_of_its_class_that_says_what_came(
    wire: Wire, status: str, expected: type[NcaaApiError], retryable: bool
) -> None:
    body = b"" if status.startswith("204") else b'{"message":"Resource\nnot found"}'
    wire.script = says(body, status)
    with pytest.raises(expected) as caught:
        ask(wire.url, key=KEY)
    assert type(caught.value) is expected
    assert caught.value.retryable is retryable
    assert_is_a_sentence(caught.value, wire.url)
    assert status.strip() in str(caught.value)
    assert KEY not in str(caught.value)
    if body:
        assert "Resource" in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"<!DOCTYPE html>\n" + b"<p>\xff\0</p>" * 1000])
def test_an_error_page_is_quoted_in_short(wire: Wire, body: bytes) -> None:
    wire.script = says(body, "522 ", Content_Type="text/html")
    with pytest.raises(UpstreamFailedError) as caught:
        ask(wire.url)
    assert_is_a_sentence(caught.value, wire.url)


def test_a_429_says_how_long_to_wait(wire: Wire) -> None:
    wire.script = says(b"", "429 Too Many Requests", Retry_After="3600")
    with pytest.raises(RateLimitedError) as caught:
        ask(wire.url)
    assert caught.value.retry_after == 3600


@pytest.mark.parametrize(
    "said",
    ["soon", "nan", "inf", "-1", "1e9", "\xb2", "Wed, 21 Oct 2099 07:28:00 GMT", "Wed, 21 Oct 2099 07:28:00 -0000"],
)
def test_a_429_with_any_retry_after_is_a_429_and_nothing_is_waited_for(wire: Wire, said: str) -> None:
    wire.script = says(b"", "429 Too Many Requests", Retry_After=said)
    began = time.monotonic()
    with pytest.raises(RateLimitedError) as caught:
        ask(wire.url)
    assert time.monotonic() - began < 2
    assert caught.value.retry_after is None or 0 <= caught.value.retry_after < float("inf")


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
def test_a_redirect_is_not_followed_since_the_key_is_for_this_host(wire: Wire, api: Any, status: str) -> None:
    api.answer_with({"2026-02-03": BODY})
    wire.script = says(b"", status, Location=api.url + PATH)
    with pytest.raises(RequestRefusedError, match=status[:3]):
        ask(wire.url, key=KEY)
    assert (len(wire.requests), api.requests) == (1, [])
