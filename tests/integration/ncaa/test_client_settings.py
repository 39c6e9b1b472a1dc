"""Wrong settings raise an error without the secrets in them."""

import pytest
from support.api import Answer, Api
from support.client import BODY, KEY, fetch

from pipelines.errors import (
    ConfigurationError,
    UpstreamFailedError,
)


@pytest.mark.parametrize(
    "url",
    ["", "ncaa.example", "ftp://ncaa.example", "http://", "https:///path", "http://ncaa.example:port", "http://[::1"],
)
def test_an_invalid_base_url_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError, match="NCAA_API_URL") as caught:
        fetch(url)
    assert caught.value.retryable is False


@pytest.mark.parametrize("key", [f"{KEY}\n", f" {KEY} "])
def test_whitespace_around_the_key_is_removed(api: Api, key: str) -> None:
    api.answer_with({"2026-02-03": BODY})
    fetch(api.url, key=key)
    assert api.received[0].headers["x-ncaa-key"] == KEY


@pytest.mark.parametrize("key", [f"{KEY}\r\nX-Other: 1", f"{KEY}ключ", f"{KEY}\0"])
def test_a_key_that_a_header_cannot_carry_is_a_configuration_error_without_the_key(api: Api, key: str) -> None:
    with pytest.raises(ConfigurationError, match="NCAA_API_KEY") as caught:
        fetch(api.url, key=key)
    assert KEY not in str(caught.value)
    assert api.requests == []


def test_a_password_in_the_base_url_is_sent_and_never_shown(api: Api) -> None:
    url = api.url.replace("http://", f"http://fan:{KEY}@")
    api.always(Answer(BODY))
    assert KEY not in fetch(url).source_url
    assert api.received[0].headers["authorization"].startswith("Basic ")
    api.always(Answer(status=500))
    with pytest.raises(UpstreamFailedError) as caught:
        fetch(url)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [f"http://fan:{KEY}@ncaa.example:port", f"ftp://fan:{KEY}@ncaa.example", f"http://fan:a/{KEY}@x", f"{KEY}@x"],
)
def test_an_invalid_base_url_is_shown_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="NCAA_API_URL") as caught:
        fetch(url)
    assert KEY not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
