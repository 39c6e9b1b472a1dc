"""Answers other than 200: each is an error that quotes the answer and tells whether to retry."""

import time

import pytest
from support.api import Answer, Api
from support.client import KEY, assert_is_a_sentence, fetch

from pipelines.errors import (
    GatewayError,
    NcaaApiError,
    RateLimitedError,
    RequestRefusedError,
    UpstreamFailedError,
)


@pytest.mark.parametrize(
    ("status", "expected", "retryable"),
    [
        (404, UpstreamFailedError, True),
        (500, UpstreamFailedError, True),
        (502, UpstreamFailedError, True),
        (503, UpstreamFailedError, True),
        (522, UpstreamFailedError, True),
        (429, RateLimitedError, True),
        (408, GatewayError, True),
        (425, GatewayError, True),
        (400, RequestRefusedError, False),
        (401, RequestRefusedError, False),
        (403, RequestRefusedError, False),
        (422, RequestRefusedError, False),
        (204, RequestRefusedError, False),
        (301, RequestRefusedError, False),
        (308, RequestRefusedError, False),
    ],
)
def test_each_status_other_than_200_is_an_error_of_its_class_that_quotes_the_answer(
    api: Api, status: int, expected: type[NcaaApiError], retryable: bool
) -> None:
    body = b"" if status == 204 else b'{"message":"Resource\nnot found"}'
    api.always(Answer(body, status))
    with pytest.raises(expected) as caught:
        fetch(api.url, key=KEY)
    assert type(caught.value) is expected
    assert caught.value.retryable is retryable
    assert_is_a_sentence(caught.value, api.url)
    assert f"gave {status}" in str(caught.value)
    assert KEY not in str(caught.value)
    if body:
        assert "Resource" in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"<!DOCTYPE html>\n" + b"<p>\xff\0</p>" * 1000])
def test_only_the_start_of_an_error_page_is_quoted(api: Api, body: bytes) -> None:
    api.always(Answer(body, 522, {"Content-Type": "text/html"}))
    with pytest.raises(UpstreamFailedError) as caught:
        fetch(api.url)
    assert_is_a_sentence(caught.value, api.url)


def test_a_429_carries_its_retry_after(api: Api) -> None:
    api.always(Answer(status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(RateLimitedError) as caught:
        fetch(api.url)
    assert caught.value.retry_after == 3600


@pytest.mark.parametrize(
    "retry_after",
    ["soon", "nan", "inf", "-1", "1e9", "\xb2", "Wed, 21 Oct 2099 07:28:00 GMT", "Wed, 21 Oct 2099 07:28:00 -0000"],
)
def test_a_429_with_an_invalid_or_distant_retry_after_is_raised_at_once(api: Api, retry_after: str) -> None:
    api.always(Answer(status=429, headers={"Retry-After": retry_after}))
    began = time.monotonic()
    with pytest.raises(RateLimitedError) as caught:
        fetch(api.url)
    assert time.monotonic() - began < 2
    assert caught.value.retry_after is None or 0 <= caught.value.retry_after < float("inf")
