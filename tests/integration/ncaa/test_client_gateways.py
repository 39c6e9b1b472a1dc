"""Answers of gateways in front of the API: challenges, HTML, and redirects."""

import asyncio
import gzip

import pytest
from support.api import Answer, Api
from support.client import BODY, DATE, KEY, PATH, assert_is_a_sentence, fetch

from pipelines.errors import GatewayError, RequestRefusedError, UpstreamFailedError
from pipelines.ncaa.client import REDIRECTS, NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL

CHALLENGE = (
    b'<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta name="robots" content="noindex">'
    + b"<style>/* */</style>" * 400
    + b"</head><body><noscript>Enable JavaScript and cookies to continue</noscript></body></html>"
)
BLOCK = b"<!DOCTYPE html>\n<html lang='en-US'><title>Attention Required! | Cloudflare</title>"
HTML = {"Content-Type": "text/html; charset=UTF-8"}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(CHALLENGE, 403, HTML),
        Answer(CHALLENGE, 403, HTML | {"cf-mitigated": "challenge"}),
        Answer(b"", 403, {"cf-mitigated": "challenge"}),
        Answer(b"", 401, {"cf-mitigated": "challenge"}),
        Answer(gzip.compress(CHALLENGE), 403, HTML | {"Content-Encoding": "gzip"}),
        Answer(b"\x00" * 50, 403, HTML | {"cf-mitigated": "challenge", "Content-Encoding": "br"}),
        Answer(BLOCK, 403, HTML),
        Answer(b"error code: 1020", 403),
        Answer(CHALLENGE, 200, HTML),
        Answer(b"\xef\xbb\xbf\r\n <html><body>Maintenance</body></html>", 200, {"Content-Type": "application/json"}),
        Answer(b"", 408),
        Answer(b"Too Early", 425),
    ],
)
def test_a_gateways_answer_is_retryable_and_does_not_blame_the_key(api: Api, answer: Answer) -> None:
    api.always(answer)
    with pytest.raises(GatewayError) as caught:
        fetch(api.url, key=KEY)
    assert caught.value.retryable
    assert "NCAA_API_KEY" not in str(caught.value)
    assert_is_a_sentence(caught.value, api.url)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"Unauthorized", 401),
        Answer(b'{"message":"Forbidden"}', 403),
        Answer(b"<html><head><title>403 Forbidden</title></head><center>nginx</center></html>", 403, HTML),
        Answer(b"<html><head><title>401 Authorization Required</title></head></html>", 401, HTML),
    ],
)
def test_a_refusal_that_is_no_challenge_is_not_retryable(api: Api, answer: Answer) -> None:
    api.always(answer)
    with pytest.raises(RequestRefusedError, match="NCAA_API_KEY"):
        fetch(api.url)


def test_a_calendar_in_html_is_a_gateways_answer(api: Api) -> None:
    api.always(Answer(CHALLENGE, 200, HTML))

    async def run() -> None:
        async with NcaaClient(api.url) as client:
            with pytest.raises(GatewayError, match="gave HTML, not JSON"):
                await client.season_calendar(MENS_BASKETBALL, 2025)

    asyncio.run(run())
    assert api.requests == ["/schedule-alt/basketball-men/d1/2025"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/v2{path}", "{url}/v2{path}", "//{host}/v2{path}"])
def test_a_redirect_to_another_path_of_the_host_is_followed_with_the_key(api: Api, status: int, location: str) -> None:
    target = location.format(path=PATH, url=api.url, host=api.url.removeprefix("http://"))
    api.answer = lambda path: Answer(status=status, headers={"Location": target}) if path == PATH else Answer(BODY)
    answer = fetch(api.url, key=KEY)
    assert (answer.body, answer.game_date, answer.source_url) == (BODY, DATE, api.url + PATH)
    assert api.requests == [PATH, f"/v2{PATH}"]
    assert [request.headers["x-ncaa-key"] for request in api.received] == [KEY, KEY]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        "{other}{path}",
        "{other}",
        "//{other_host}{path}",
        "http://fan:{key}@{other_host}{path}?token={key}",
        "http://localhost:{port}{path}",
        "https://127.0.0.1:{port}{path}",
        "ftp://127.0.0.1:{port}{path}",
    ],
)
def test_a_redirect_to_another_host_port_or_scheme_is_not_followed(api: Api, status: int, location: str) -> None:
    with Api() as other:
        other.always(Answer(BODY))
        target = location.format(
            other=other.url,
            other_host=other.url.removeprefix("http://"),
            port=api.url.rpartition(":")[2],
            path=PATH,
            key="t0ken",
        )
        api.always(Answer(status=status, headers={"Location": target}))
        with pytest.raises(RequestRefusedError, match=r"redirect to .* which is not followed") as caught:
            fetch(api.url, key=KEY)
        assert (api.requests, other.requests) == ([PATH], [])
    assert "t0ken" not in str(caught.value)
    assert "NCAA_API_KEY" not in str(caught.value)
    assert_is_a_sentence(caught.value, api.url)


def test_a_redirect_loop_ends_at_the_limit(api: Api) -> None:
    api.answer = lambda path: Answer(status=308, headers={"Location": f"{path}/again"})
    with pytest.raises(RequestRefusedError, match=f"more than {REDIRECTS} times"):
        fetch(api.url)
    assert len(api.requests) == REDIRECTS + 1


def test_a_redirect_target_that_fails_is_the_failure(api: Api) -> None:
    api.answer = lambda path: Answer(status=308, headers={"Location": "/v2"}) if path == PATH else Answer(status=503)
    with pytest.raises(UpstreamFailedError, match="/v2 gave 503"):
        fetch(api.url)
