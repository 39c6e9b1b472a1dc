"""Corrupts whole answers: one case for each fault of an answer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse

from simulator import legacy, payload
from simulator.days import eastern
from simulator.faults import ActiveFault, Faults, Rule
from simulator.game import PREGAME, Listed, State
from simulator.listing import listing
from simulator.world import World

_DISCONNECT_POLL = 0.1
_OVERSIZE = 24 * 1024 * 1024
_CHUNK = b" " * (1024 * 1024)
_FINAL_EVERY = 25
"""In the frozen legacy feed, 22 of 878 counted games were final."""

_STALE_BY = timedelta(hours=6)
_REDIRECTED = "/all-conf"
_CHALLENGE_PAGE = """<!DOCTYPE html>
<html lang="en-US"><head><title>Just a moment...</title></head>
<body><noscript>Enable JavaScript and cookies to continue</noscript></body></html>
"""
_GATEWAY_PAGE = """<html>
<head><title>{status} {reason}</title></head>
<body><center><h1>{status} {reason}</h1></center><hr><center>cloudflare</center></body>
</html>
"""


async def corrupt(
    request: Request, active: ActiveFault, world: World, faults: Faults, day: date, now: datetime
) -> Response:
    """Returns the corrupted answer for the requested date."""
    rule = active.rule
    match active.name:
        case "http_429":
            return PlainTextResponse("Too many requests", 429)
        case "http_429_retry_after":
            return PlainTextResponse("Too many requests", 429, {"retry-after": rule.retry_after})
        case "http_500":
            return _labelled_json("fetch failed", 500)
        case "http_502":
            return _gateway(502, "Bad Gateway")
        case "http_522":
            return _gateway(522, "Connection timed out")
        case "http_404" | "calendar_404":
            return _labelled_json('{"message":"Resource not found"}', 404)
        case "http_401":
            return PlainTextResponse("Unauthorized", 401)
        case "html":
            return HTMLResponse("<!DOCTYPE html><html><body><h1>NCAA API</h1></body></html>")
        case "challenge_403":
            return HTMLResponse(_CHALLENGE_PAGE, 403, {"cf-mitigated": "challenge"})
        case "challenge_200":
            return HTMLResponse(_CHALLENGE_PAGE, 200, {"cf-mitigated": "challenge"})
        case "http_408":
            return Response(status_code=408)
        case "http_425":
            return Response(status_code=425)
        case "redirect_308":
            if request.url.path.endswith(_REDIRECTED):  # a redirected request is answered
                return _labelled_json(payload.scoreboard(listing(world, faults, day, now), now))
            return Response(status_code=308, headers={"location": request.url.path + _REDIRECTED})
        case "hang":
            await _hang(request, rule)
            return _gateway(522, "Connection timed out")
        case "drip":
            return StreamingResponse(_drip(rule), media_type="application/json")
        case "oversized":
            return StreamingResponse(_oversized(), media_type="application/json")
        case "empty_day":
            return _labelled_json(payload.scoreboard((), now))
        case "wrong_date":
            other = _other_day(world, day)
            return _labelled_json(payload.scoreboard(listing(world, faults, other, now), now))
        case "legacy":
            games = listing(world, faults, day, min(now, legacy.FROZEN_AT))
            return _labelled_json(legacy.scoreboard(games, now, world.record))
        case "legacy_frozen":
            games = [_frozen(entry) for entry in listing(world, faults, day, now)]
            return _labelled_json(legacy.scoreboard(games, now, world.record))
        case "stale":
            then = min(now - _STALE_BY, eastern(day, 22))
            return _labelled_json(payload.scoreboard(listing(world, faults, day, then), then))
        case "truncated":
            whole = payload.scoreboard(listing(world, faults, day, now), now)
            return _labelled_json(whole[: len(whole) // 2])
        case _:
            raise NotImplementedError(active.name)


def _labelled_json(body: str | bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")


def _gateway(status: int, reason: str) -> Response:
    return HTMLResponse(_GATEWAY_PAGE.format(status=status, reason=reason), status)


async def _hang(request: Request, rule: Rule) -> None:
    """Waits until the client disconnects or the time is over, so that a test's server can stop."""
    for _ in range(round(rule.seconds / _DISCONNECT_POLL)):
        if await request.is_disconnected():
            return
        await asyncio.sleep(_DISCONNECT_POLL)


async def _drip(rule: Rule) -> AsyncIterator[bytes]:
    yield b'{"inputMD5Sum":"'
    for _ in range(round(rule.seconds / 0.25)):
        await asyncio.sleep(0.25)
        yield b"0"


async def _oversized() -> AsyncIterator[bytes]:
    for _ in range(_OVERSIZE // len(_CHUNK)):
        yield _CHUNK
        await asyncio.sleep(0)
    yield b'{"games":[]}'


def _other_day(world: World, day: date) -> date:
    """Returns the previous date with games, or a week before if there is none within a month."""
    earlier = (day - timedelta(days=back) for back in range(1, 30))
    return next((other for other in earlier if world.games(other)), day - timedelta(days=7))


def _frozen(entry: Listed) -> Listed:
    if entry.moment.state is State.FINAL and entry.game.contest_id % _FINAL_EVERY == 0:
        return entry
    return Listed(entry.game, PREGAME)
