"""The only module that speaks HTTP: henrygd/ncaa-api, asked politely and told apart from its failures."""

import asyncio
import datetime as dt
import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import httpx

from pipelines.errors import (
    ApiTimeoutError,
    ApiUnreachableError,
    ConfigurationError,
    NcaaApiError,
    NotAGameError,
    NotAScoreboardError,
    RateLimitedError,
    RequestRefusedError,
    UpstreamFailedError,
)
from pipelines.ncaa.calendar import parse_calendar
from pipelines.ncaa.league import League
from pipelines.ncaa.rate_limit import Permit, RateLimit
from pipelines.ncaa.scoreboard import ScoreboardResponse
from pipelines.settings import REPOSITORY

USER_AGENT: Final = f"gamepulse/{version('gamepulse')} (+{REPOSITORY})"
ANSWER_SECONDS: Final = 10.0
ANSWER_BYTES: Final = 20 * 2**20
RETRY_AFTER_SECONDS: Final = 10.0
"""How long a 429 may ask us to wait before it becomes the run's turn to retry."""

QUOTED_BYTES: Final = 100

SIMULATOR_HEADER: Final = "x-gamepulse-simulator"


class _Answer(NamedTuple):
    body: bytes
    asked_at: dt.datetime
    is_simulated: bool


class NcaaClient:
    """Asks the API for scoreboards, calendars and games. An async context manager; one a run, so that connections
    are kept alive and a season's calendar is asked for once.

    Without a `limit` it asks as fast as it is used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        timeout: float = ANSWER_SECONDS,
        limit: RateLimit | None = None,
    ) -> None:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        if key is not None:
            headers["x-ncaa-key"] = _sendable(key)
        url = _parsed(base_url)
        # Without the password: it is said in messages and kept with what was loaded.
        self._base_url = str(url.copy_with(userinfo=b"")).rstrip("/")
        self._timeout = timeout
        self._limit = limit
        self.users: set[asyncio.Task[Any]] = set()
        """Tasks that send requests; they are cancelled before the client is closed."""
        self._calendars: dict[tuple[League, int], asyncio.Task[Mapping[dt.date, int]]] = {}
        self._http = httpx.AsyncClient(
            auth=(url.username, url.password) if url.userinfo else None,
            headers=headers,
            timeout=httpx.Timeout(connect=5.0, read=timeout, write=5.0, pool=timeout),
            limits=httpx.Limits(max_connections=8),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        tasks = [*self.users, *self._calendars.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.aclose()

    async def scoreboard(self, league: League, game_date: dt.date) -> ScoreboardResponse:
        """The scoreboard of a US Eastern date, as it came.

        Raises:
            NcaaApiError: no whole 200 within the limit; the class says what came instead.
        """
        # Zero-padded: a path that the API's date pattern misses is answered with today's games.
        url = f"{self._base_url}/scoreboard/{league.path}/{game_date:%Y/%m/%d}"
        answer = await self._get(url)
        return ScoreboardResponse(league, game_date, answer.body, answer.asked_at, url, answer.is_simulated)

    async def season_calendar(self, league: League, season: int) -> Mapping[dt.date, int]:
        """Games by date of a season (the calendar year in which it starts); asked for once, whatever came.

        Raises:
            NcaaApiError: it could not be had.
        """
        if (league, season) not in self._calendars:
            self._calendars[league, season] = asyncio.create_task(self._season_calendar(league, season))
        # Shielded, since other dates wait for the same answer.
        return await asyncio.shield(self._calendars[league, season])

    async def _season_calendar(self, league: League, season: int) -> Mapping[dt.date, int]:
        url = f"{self._base_url}/schedule-alt/{league.path}/{season}"
        return parse_calendar((await self._get(url)).body, url)

    async def game(self, contest_id: int) -> Mapping[str, Any]:
        """One contest as the API has it, with venue and team ids, which no scoreboard has.

        Raises:
            NcaaApiError: it could not be had, or there is no such contest.
        """
        url = f"{self._base_url}/game/{contest_id}"
        body = (await self._get(url)).body
        try:
            [contest] = json.loads(body)["contests"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise NotAGameError(f"GET {url} gave {body[:60]!r}; expected JSON with one contest.") from None
        return dict(contest)

    async def _get(self, url: str) -> _Answer:
        """Waits out a 429 whose `Retry-After` is short; every other failure is the caller's."""
        patience = RETRY_AFTER_SECONDS
        while True:
            try:
                if self._limit is None:
                    return await self._get_once(url)
                async with self._limit.permit() as permit:
                    return await self._get_once(url, permit)
            except RateLimitedError as error:
                if error.retry_after is None or error.retry_after > patience:
                    raise
                patience -= max(error.retry_after, 1.0)
                await asyncio.sleep(error.retry_after)

    async def _get_once(self, url: str, permit: Permit | None = None) -> _Answer:
        async def trace(event: str, details: Mapping[str, Any]) -> None:
            if permit is not None and event == "http11.send_request_headers.started":
                permit.sent.set()

        asked_at = dt.datetime.now(dt.UTC)  # now, not when we began to wait for the permit
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._http.stream("GET", url, extensions={"trace": trace}) as response,
            ):
                body = await _read(response, url)
        except (TimeoutError, httpx.TimeoutException):
            raise ApiTimeoutError(f"GET {url} gave no whole answer within {self._timeout:g} seconds.") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise ApiUnreachableError(f"GET {url} failed: {str(error).rstrip('.') or type(error).__name__}.") from None
        if response.status_code == httpx.codes.OK:
            return _Answer(body, asked_at, SIMULATOR_HEADER in response.headers)
        raise _refusal(response, body, url)


def _parsed(base_url: str) -> httpx.URL:
    said = base_url.strip()
    shown = said.rpartition("@")[2]  # what comes before may be a password
    try:
        url = httpx.URL(said)
    except httpx.InvalidURL:
        raise ConfigurationError(f"NCAA_API_URL is no URL ({shown!r}).") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ConfigurationError(f"NCAA_API_URL is {shown!r}; expected http://HOST or https://HOST.")
    return url


def _sendable(key: str) -> str:
    said = key.strip()
    if not (said.isascii() and said.isprintable()):
        raise ConfigurationError("NCAA_API_KEY has characters that no HTTP header can carry.")
    return said


def _refusal(response: httpx.Response, body: bytes, url: str) -> NcaaApiError:
    status = response.status_code
    said = body[:QUOTED_BYTES].decode("utf-8", "replace").strip()
    answer = f"GET {url} gave {status} {response.reason_phrase}".rstrip() + (f" ({said!r})" if said else "")
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return RateLimitedError(f"{answer}: too many requests.", _retry_after(response))
    if status == httpx.codes.NOT_FOUND or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return UpstreamFailedError(f"{answer}: the API's own source failed, or it is down.")
    return RequestRefusedError(f"{answer}, expected 200. Check NCAA_API_URL and NCAA_API_KEY.")


async def _read(response: httpx.Response, url: str) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if response.status_code != httpx.codes.OK and len(body) >= QUOTED_BYTES:
            break  # of an error page its beginning is enough
        if len(body) > ANSWER_BYTES:
            raise NotAScoreboardError(f"GET {url} gave more than {ANSWER_BYTES // 2**20} MiB: no answer is that large.")
    return bytes(body)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, from either form of the header."""
    said = response.headers.get("Retry-After", "")
    if said.isascii() and said.isdecimal():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    if until.tzinfo is None:  # RFC 5322's `-0000`: UTC, of a place that is not said
        until = until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - dt.datetime.now(dt.UTC)).total_seconds())
