"""The only module that speaks HTTP: henrygd/ncaa-api, asked politely and told apart from its errors."""

import asyncio
import datetime as dt
from importlib.metadata import version
from types import TracebackType
from typing import Final, Self

import httpx

from pipelines.errors import (
    ApiTimeoutError,
    ApiUnreachableError,
    ConfigurationError,
    NotAScoreboardError,
    RateLimitedError,
    RequestRefusedError,
    UpstreamFailedError,
)
from pipelines.ncaa.scoreboard import ScoreboardResponse

USER_AGENT: Final = f"gamepulse/{version('gamepulse')} (+https://github.com/gamepulse/ncaa-games)"
ANSWER_SECONDS: Final = 10.0
ANSWER_BYTES: Final = 20 * 2**20


class NcaaClient:
    """Asks the API for scoreboards. An async context manager; one a run, so that connections are kept alive."""

    def __init__(self, base_url: str, *, key: str | None = None, timeout: float = ANSWER_SECONDS) -> None:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        if key is not None:
            headers["x-ncaa-key"] = key
        self._timeout = timeout
        self._base_url = base_url.rstrip("/")
        try:
            self._http = httpx.AsyncClient(
                headers=headers,
                timeout=httpx.Timeout(connect=5.0, read=timeout, write=5.0, pool=timeout),
                limits=httpx.Limits(max_connections=8),
            )
            if httpx.URL(self._base_url).scheme not in {"http", "https"}:
                raise httpx.InvalidURL("no http:// or https://")
        except httpx.InvalidURL as error:
            raise ConfigurationError(f"NCAA_API_URL is {base_url!r}, which is no URL: {error}.") from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def scoreboard(self, game_date: dt.date) -> ScoreboardResponse:
        """The scoreboard of a US Eastern date, as it came.

        Raises:
            NcaaApiError: no whole 200 within the limit; the class says what came instead.
        """
        # Zero-padded: a path that the API's date pattern misses is answered with today's games.
        url = f"{self._base_url}/scoreboard/basketball-men/d1/{game_date:%Y/%m/%d}"
        fetched_at = dt.datetime.now(dt.UTC)
        return ScoreboardResponse(game_date, await self._get(url), fetched_at, url)

    async def _get(self, url: str) -> bytes:
        try:
            async with asyncio.timeout(self._timeout), self._http.stream("GET", url) as response:
                body = await _read(response, url)
        except (TimeoutError, httpx.TimeoutException):
            raise ApiTimeoutError(f"GET {url} gave no whole answer within {self._timeout:g} seconds.") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise ApiUnreachableError(f"GET {url} failed: {str(error) or type(error).__name__}.") from None
        status = response.status_code
        if status == httpx.codes.OK:
            return body
        said = body[:100].decode("utf-8", "replace").strip()
        answer = f"GET {url} gave {status} {response.reason_phrase}".rstrip() + (f" ({said!r})" if said else "")
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise RateLimitedError(f"{answer}: too many requests.", _retry_after(response))
        if status == httpx.codes.NOT_FOUND or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise UpstreamFailedError(f"{answer}: the API's own source failed, or it is down.")
        raise RequestRefusedError(f"{answer}, expected 200. Check NCAA_API_URL and NCAA_API_KEY.")


async def _read(response: httpx.Response, url: str) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES:
            raise NotAScoreboardError(
                f"GET {url} gave more than {ANSWER_BYTES // 2**20} MiB; no scoreboard is that large."
            )
    return bytes(body)


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
