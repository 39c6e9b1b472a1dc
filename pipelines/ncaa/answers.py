"""Reads HTTP answers within limits of size, and names the error of each unusable one."""

import datetime as dt
import zlib
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from pipelines.errors import (
    ApiUnreachableError,
    GatewayError,
    NcaaApiError,
    NotAScoreboardError,
    RateLimitedError,
    RequestRefusedError,
    UpstreamFailedError,
)

ANSWER_BYTES: Final = 20 * 2**20
"""Limit of a body, as sent and decompressed. A scoreboard of 170 games has 0.2 MiB."""
ERROR_PAGE_BYTES: Final = 2048
"""How much is read of an answer that is not 200: enough to recognize a challenge page."""
QUOTED_BYTES: Final = 100


async def read_body(response: httpx.Response, url: str) -> bytes:
    """Reads the body of a 200, or the start of any other, decompressed.

    httpx would undo any number of codings, each chunk in full: 3.5 KB of `gzip, gzip` became 4.2 GB.

    Raises:
        NotAScoreboardError: larger than `ANSWER_BYTES`, or in a coding that was not asked for.
        ApiUnreachableError: the compressed body is truncated or corrupt.
    """
    codings = [coding.strip().lower() for coding in response.headers.get_list("content-encoding", split_commas=True)]
    codings = [coding for coding in codings if coding not in {"", "identity"}]
    is_ok = response.status_code == httpx.codes.OK
    if codings not in ([], ["gzip"], ["x-gzip"]):
        if not is_ok:
            return b""  # the status tells the error
        raise NotAScoreboardError(
            f"GET {url} gave the content encoding {', '.join(codings)[:QUOTED_BYTES]!r}; expected gzip or none."
        )
    gunzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if codings else None
    limit = ANSWER_BYTES if is_ok else ERROR_PAGE_BYTES
    received, body = 0, bytearray()
    async for chunk in response.aiter_raw():
        received += len(chunk)
        try:
            body += chunk if gunzip is None else gunzip.decompress(chunk, limit + 1 - len(body))
        except zlib.error as error:
            if not is_ok:
                return bytes(body)
            raise ApiUnreachableError(f"GET {url} failed: its gzip body is corrupt ({error}).") from None
        if max(received, len(body)) > limit:
            if not is_ok:
                return bytes(body[:limit])
            raise NotAScoreboardError(f"GET {url} gave more than {ANSWER_BYTES // 2**20} MiB: no answer is that large.")
    if gunzip is not None and not gunzip.eof and is_ok:
        raise ApiUnreachableError(f"GET {url} failed: its gzip body is truncated.")
    return bytes(body)


def redirect_target(response: httpx.Response) -> httpx.URL | None:
    """Returns where a redirect leads if that is the same scheme, host and port, otherwise None.

    Another host must not receive the API's key.
    """
    if response.next_request is None:
        return None
    origin, target = response.url, response.next_request.url.copy_with(userinfo=b"", fragment=None)
    is_same_origin = (target.scheme, target.host, target.port) == (origin.scheme, origin.host, origin.port)
    return target if is_same_origin else None


def error_of(response: httpx.Response, body: bytes, url: str, now: dt.datetime) -> NcaaApiError | None:
    """Returns the error of an answer that is not usable: its class, and whether a retry may succeed."""
    status = response.status_code
    quoted = body[:QUOTED_BYTES].decode("utf-8", "replace").strip()
    answer = f"GET {url} gave {status} {response.reason_phrase}".rstrip() + (f" ({quoted!r})" if quoted else "")
    if status == httpx.codes.OK:
        if not _is_html(body):
            return None
        return GatewayError(
            f"GET {url} gave HTML, not JSON ({quoted!r}): a gateway answered in place of the API, or NCAA_API_URL is "
            "another site."
        )
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return RateLimitedError(f"{answer}: too many requests.", _retry_after(response, now))
    if status == httpx.codes.NOT_FOUND or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return UpstreamFailedError(f"{answer}: the API's own source failed, or it is down.")
    if _is_challenge(response, body):
        return GatewayError(f"{answer}: Cloudflare, in front of the API, asks for a browser.")
    if status in {httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY}:
        return GatewayError(f"{answer}: a gateway in front of the API did not pass the request on in time.")
    if response.next_request is not None:
        origin = str(response.next_request.url.copy_with(userinfo=b"", path="/", query=None, fragment=None))
        return RequestRefusedError(f"{answer}: a redirect to {origin!r}, which is not followed. Check NCAA_API_URL.")
    return RequestRefusedError(f"{answer}, expected 200. Check NCAA_API_URL and NCAA_API_KEY.")


def _is_html(body: bytes) -> bool:
    return body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def _is_challenge(response: httpx.Response, body: bytes) -> bool:
    """Whether Cloudflare answered, and not the API behind it: a challenge or block page, or its `error code: 1020`."""
    if response.headers.get("cf-mitigated", "").lower() == "challenge":
        return True
    page = body.lower()
    return response.status_code == httpx.codes.FORBIDDEN and (
        page.startswith(b"error code: ")
        or (_is_html(body) and any(sign in page for sign in (b"just a moment", b"cloudflare", b"cf-chl")))
    )


def _retry_after(response: httpx.Response, now: dt.datetime) -> float | None:
    """Reads either form of the header: seconds, or a date."""
    value = response.headers.get("Retry-After", "")
    if value.isascii() and value.isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:  # `-0000`, which RFC 5322 defines as UTC without a local zone
        until = until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - now).total_seconds())
