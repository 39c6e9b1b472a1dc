"""Rate-limited HTTP client for henrygd/ncaa-api; each kind of failure has its own exception."""

import asyncio
import datetime as dt
import ipaddress
import math
from collections.abc import Mapping
from importlib.metadata import version
from types import TracebackType
from typing import Any, Final, Self

import httpx

from pipelines.errors import (
    ApiTimeoutError,
    ApiUnreachableError,
    ConfigurationError,
    NotACalendarError,
    RateLimitedError,
    RequestRefusedError,
)
from pipelines.ncaa.answers import error_of, read_body, redirect_target
from pipelines.ncaa.calendar import Calendar, parse_calendar
from pipelines.ncaa.details import DetailsResponse
from pipelines.ncaa.league import League
from pipelines.ncaa.rate_limit import Permit, RateLimit
from pipelines.ncaa.raw import KEPT_HEADERS, RawAnswer
from pipelines.ncaa.scoreboard import ScoreboardResponse
from pipelines.ncaa.standings import StandingsResponse

ANSWER_SECONDS: Final = 10.0
RETRY_AFTER_SECONDS: Final = 10.0
"""Longest total `Retry-After` that a request waits for. A longer one is left to the run's retries."""

REDIRECTS: Final = 3
"""How many redirects a fetch follows."""

SIMULATOR_HEADER: Final = "x-gamepulse-simulator"


class NcaaClient:
    """Fetches scoreboards, season calendars, standings and details of games. An async context manager.

    One client serves a whole run: it keeps connections alive. `contact` is a URL for the User-Agent, for the API's
    operator. Without a `limit` requests are sent at once, and the moment of an answer is this machine's.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        timeout: float = ANSWER_SECONDS,
        limit: RateLimit | None = None,
        contact: str | None = None,
        details_per_day: float = math.inf,
    ) -> None:
        user_agent = f"gamepulse/{version('gamepulse')}" + (f" (+{contact})" if contact is not None else "")
        headers = {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"}
        if key is not None:
            headers["x-ncaa-key"] = _header_value(key)
        url = _parse_base_url(base_url)
        # Without the password, since messages and the table `scoreboard` contain it.
        self._base_url = str(url.copy_with(userinfo=b"")).rstrip("/")
        self._timeout = timeout
        self._limit = limit
        self.details_per_day = details_per_day
        """Details that may be requested in 24 hours. Whoever requests them keeps to it."""
        self.users: set[asyncio.Task[Any]] = set()
        """Tasks that send requests; they are cancelled before the client is closed."""
        self._http = httpx.AsyncClient(
            auth=(url.username, url.password) if url.userinfo else None,
            headers=headers,
            timeout=httpx.Timeout(connect=5.0, read=timeout, write=5.0, pool=timeout),
            limits=httpx.Limits(max_connections=8),
            trust_env=not _is_this_machine(url.host),  # http_proxy and the like are for other machines
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self.users:
            task.cancel()
        await asyncio.gather(*self.users, return_exceptions=True)
        await self._http.aclose()

    async def scoreboard(self, league: League, game_date: dt.date) -> ScoreboardResponse:
        """Fetches the scoreboard of a US Eastern date, unparsed.

        Raises:
            NcaaApiError: no complete 200 within the timeout; the class tells what happened instead.
            DatabaseError: the database that keeps the limit cannot be used.
        """
        # Zero-padded: the API answers a path that its date pattern does not match with today's games.
        url = f"{self._base_url}/scoreboard/{league.path}/{game_date:%Y/%m/%d}"
        answer = await self._get(url)
        return ScoreboardResponse(
            league, game_date, answer.body, answer.fetched_at, url, answer.is_simulated, answer.headers
        )

    async def season_calendar(self, league: League, season: int) -> Calendar:
        """Fetches the calendar of a season, which is named by the calendar year in which it starts.

        Raises:
            NcaaApiError: the calendar could not be fetched.
            DatabaseError: the database that keeps the limit cannot be used.
        """
        url = self.calendar_url(league, season)
        answer = await self._get(url)
        try:
            return Calendar(parse_calendar(answer.body, url), answer.fetched_at, url, answer)
        except NotACalendarError as error:
            error.answer = answer
            raise

    async def standings(self, league: League) -> StandingsResponse:
        """Fetches the current standings, unparsed; the API has no others.

        Raises:
            NcaaApiError: no complete 200 within the timeout; the class tells what happened instead.
            DatabaseError: the database that keeps the limit cannot be used.
        """
        url = f"{self._base_url}/standings/{league.path}"
        answer = await self._get(url)
        return StandingsResponse(answer.body, answer.fetched_at, url, answer.is_simulated, answer.headers)

    def calendar_url(self, league: League, season: int) -> str:
        """Returns the address of a season's calendar."""
        return f"{self._base_url}/schedule-alt/{league.path}/{season}"

    async def game_details(self, contest_id: int) -> DetailsResponse:
        """Fetches the details of a game, unparsed. The request yields to those of other processes.

        Raises:
            NcaaApiError: the details could not be fetched.
            DatabaseError: the database that keeps the limit cannot be used.
        """
        url = f"{self._base_url}/game/{contest_id}"
        answer = await self._get(url, yields=True)
        return DetailsResponse(contest_id, answer.body, answer.fetched_at, url, answer.is_simulated, answer.headers)

    @property
    def requests_per_second(self) -> float:
        """The rate limit, which is infinite where there is none."""
        return math.inf if self._limit is None else self._limit.per_second

    async def _get(self, url: str, *, yields: bool = False) -> RawAnswer:
        """Follows redirects within the host and waits after a 429 with a short `Retry-After`; raises other failures."""
        wait_left = RETRY_AFTER_SECONDS
        target = url
        redirects = 0
        while True:
            try:
                # Each request needs a permit of its own, a redirected one too.
                if self._limit is None:
                    answer = await self._send(target)
                else:
                    async with self._limit.permit(yields=yields) as permit:
                        answer = await self._send(target, permit)
            except RateLimitedError as error:
                if error.retry_after is None or error.retry_after > wait_left:
                    raise
                wait_left -= max(error.retry_after, 1.0)
                await asyncio.sleep(error.retry_after)
                continue
            if isinstance(answer, RawAnswer):
                return answer._replace(source_url=url)
            redirects += 1
            if redirects > REDIRECTS:
                raise RequestRefusedError(f"GET {url} was redirected more than {REDIRECTS} times. Check NCAA_API_URL.")
            target = str(answer)

    async def _send(self, url: str, permit: Permit | None = None) -> RawAnswer | httpx.URL:
        """Sends one request; returns the answer, or where a redirect leads."""

        async def trace(event: str, details: Mapping[str, Any]) -> None:
            if permit is not None and event == "http11.send_request_headers.started":
                permit.sent.set()

        # Without a limit there is no database either, whose clock all processes share.
        fetched_at = permit.granted_at if permit is not None else dt.datetime.now(dt.UTC)
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._http.stream("GET", url, extensions={"trace": trace}) as response,
            ):
                body = await read_body(response, url)
        except (TimeoutError, httpx.TimeoutException):
            raise ApiTimeoutError(f"GET {url} gave no complete answer within {self._timeout:g} seconds.") from None
        except httpx.TransportError as error:
            raise ApiUnreachableError(f"GET {url} failed: {str(error).rstrip('.') or type(error).__name__}.") from None
        if (target := redirect_target(response)) is not None:
            return target
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        is_simulated = SIMULATOR_HEADER in response.headers
        answer = RawAnswer(url, response.status_code, headers, body, fetched_at, is_simulated)
        if (failure := error_of(response, body, url, fetched_at)) is not None:
            failure.answer = answer
            raise failure
        return answer


def _parse_base_url(base_url: str) -> httpx.URL:
    given = base_url.strip()
    shown = given.rpartition("@")[2]  # the part before may be a password
    try:
        url = httpx.URL(given)
    except httpx.InvalidURL:
        raise ConfigurationError(f"NCAA_API_URL is no URL ({shown!r}).") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ConfigurationError(f"NCAA_API_URL is {shown!r}; expected http://HOST or https://HOST.")
    return url


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _header_value(key: str) -> str:
    stripped = key.strip()
    if not (stripped.isascii() and stripped.isprintable()):
        raise ConfigurationError("NCAA_API_KEY has characters that an HTTP header cannot carry.")
    return stripped
