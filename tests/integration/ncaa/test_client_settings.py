"""Wrong settings are told at once, and secrets in them never."""

from typing import Any

import pytest
from support.wire import BODY, KEY, Wire, ask, says

from pipelines.errors import (
    ConfigurationError,
    UpstreamFailedError,
)


@pytest.mark.parametrize(
    "url",
    ["", "ncaa.example", "ftp://ncaa.example", "http://", "https:///path", "http://ncaa.example:port", "http://[::1"],
)
def test_a_base_url_that_is_none_is_a_matter_of_configuration(url: str) -> None:
    with pytest.raises(ConfigurationError, match="NCAA_API_URL") as caught:
        ask(url)
    assert caught.value.retryable is False


@pytest.mark.parametrize("key", [f"{KEY}\n", f" {KEY} "])
def test_a_line_end_after_the_key_is_no_part_of_it(api: Any, key: str) -> None:
    api.answer_with({"2026-02-03": BODY})
    ask(api.url, key=key)
    assert {name.lower(): value for name, value in api.headers[0].items()}["x-ncaa-key"] == KEY


@pytest.mark.parametrize("key", [f"{KEY}\r\nX-Other: 1", f"{KEY}ключ", f"{KEY}\0"])
def test_a_key_that_no_header_can_carry_is_a_matter_of_configuration_and_is_not_shown(api: Any, key: str) -> None:
    with pytest.raises(ConfigurationError, match="NCAA_API_KEY") as caught:
        ask(api.url, key=key)
    assert KEY not in str(caught.value)
    assert api.requests == []


def test_a_password_in_the_base_url_is_used_and_never_shown(wire: Wire) -> None:
    url = wire.url.replace("http://", f"http://fan:{KEY}@")
    wire.script = says(BODY)
    assert KEY not in ask(url).source_url
    assert "authorization: basic" in wire.requests[0].lower()
    wire.script = says(b"", "500 Internal Server Error")
    with pytest.raises(UpstreamFailedError) as caught:
        ask(url)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [f"http://fan:{KEY}@ncaa.example:port", f"ftp://fan:{KEY}@ncaa.example", f"http://fan:a/{KEY}@x", f"{KEY}@x"],
)
def test_a_base_url_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="NCAA_API_URL") as caught:
        ask(url)
    assert KEY not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
