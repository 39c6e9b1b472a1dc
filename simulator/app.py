"""The HTTP application: the real API's endpoints with its odd answers, and a page for a browser."""

import re
from datetime import date, timedelta

from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from pipelines.ncaa.recording import read_recordings
from simulator import controls, details, page, payload, recorded, standings
from simulator.corrupt import corrupt
from simulator.faults import Endpoint
from simulator.listing import counts, find_entry, listing
from simulator.options import Options
from simulator.state import Simulator, SimulatorMiddleware, simulator_of

SPORT = "basketball-men"
_DIVISIONS = ("d1", "d2", "d3")
_DATE = re.compile(r"(\d{4}/\d{2}/\d{2})|(\d{4}/(\d{2}|P))")  # the real API's pattern; without a match it serves today


def create_app(options: Options | None = None) -> Starlette:
    """Creates an application with its own games, clock and faults: `app.state.simulator`.

    Raises:
        RecordingError: the recordings to serve cannot be read.
    """
    simulator = Simulator(options or Options())
    app = Starlette(
        routes=[*controls.routes(), *_routes(simulator.options)],
        exception_handlers={404: _not_found},
    )
    app.state.simulator = simulator
    app.add_middleware(SimulatorMiddleware, simulator=simulator)
    return app


def _routes(options: Options) -> list[Route]:
    if options.recorded is not None:
        return recorded.routes(read_recordings(options.recorded))
    return [
        Route("/", _front_page),
        Route("/scoreboard/{sport}/{rest:path}", _scoreboard),
        Route("/game/{contest_id:int}", _game),
        Route("/schedule-alt/{sport}/{division}/{season}", _schedule),
        Route("/standings/{sport}/{division}", _standings),
    ]


def _json(body: str | bytes, status: int = 200, max_age: int = 60) -> Response:
    headers = {"cache-control": f"public, max-age={max_age}"}
    return Response(body, status, headers, media_type="application/json")


async def _scoreboard(request: Request) -> Response:
    simulator = simulator_of(request)
    now = simulator.now
    if request.path_params["sport"] != SPORT:
        return _invalid("sport", "Invalid sport")
    rest: str = request.path_params["rest"]
    division = rest.split("/")[0]
    if division not in _DIVISIONS:
        return _json('{"message":"Invalid division"}', 400)
    match = _DATE.search(rest)
    day: date | None = now.date()
    if match:
        if not 2010 <= int(match[0][:4]) <= now.year + 1:
            return _json("Invalid date", 400)
        day = _date(match[0])
    if day is None or division != "d1":  # an impossible date, a month or another division is an empty scoreboard
        return _json(payload.scoreboard((), now))
    active = simulator.faults.on_answer(Endpoint.SCOREBOARD, request.url.path, day, now)
    if active:
        return await corrupt(request, active, simulator.world, simulator.faults, day, now)
    return _json(simulator.scoreboard(day, now))


async def _schedule(request: Request) -> Response:
    simulator = simulator_of(request)
    now = simulator.now
    season: str = request.path_params["season"]
    if request.path_params["sport"] != SPORT:
        return _invalid("sport", "Invalid sport")
    if request.path_params["division"] not in _DIVISIONS:
        return _invalid("division", "Invalid division")
    if not season.isdecimal() or not 2000 <= int(season) <= now.year + 1:
        return _invalid("year", "Invalid year")
    active = simulator.faults.on_answer(Endpoint.SCHEDULE, request.url.path, None, now)
    if active:
        return await corrupt(request, active, simulator.world, simulator.faults, now.date(), now)
    days = counts(simulator.world, simulator.faults, int(season), now)
    return _json(to_json(payload.calendar(days, now.date())), max_age=1800)


async def _game(request: Request) -> Response:
    simulator = simulator_of(request)
    now = simulator.now
    entry = find_entry(simulator.world, simulator.faults, request.path_params["contest_id"], now)
    day = entry.game.day if entry is not None else None
    active = simulator.faults.on_answer(Endpoint.GAME, request.url.path, day, now)
    if active is not None and active.name == "details_502":
        return PlainTextResponse("Bad Gateway", 502)
    if entry is None or (active is not None and active.name == "no_contests"):
        return _json(to_json({"contests": []}))
    if active is not None and active.name != "no_location":
        return await corrupt(request, active, simulator.world, simulator.faults, entry.game.day, now)
    return _json(to_json(details.answer(entry, has_location=active is None)))


async def _standings(request: Request) -> Response:
    simulator = simulator_of(request)
    now = simulator.now
    if request.path_params["sport"] != SPORT or request.path_params["division"] != "d1":
        return _json('{"message":"Resource not found"}', 404)
    active = simulator.faults.on_answer(Endpoint.STANDINGS, request.url.path, None, now)
    name = active.name if active is not None else None
    if active is not None and name not in {"stale_standings", "unknown_school"}:
        return await corrupt(request, active, simulator.world, simulator.faults, now.date(), now)
    days_late = standings.STALE_BY if name == "stale_standings" else timedelta()
    has_unknown = name == "unknown_school"
    answer = standings.answer(simulator.world, simulator.faults, now, days_late=days_late, has_unknown=has_unknown)
    return _json(to_json(answer), max_age=1800)


async def _front_page(request: Request) -> Response:
    simulator = simulator_of(request)
    now = simulator.now
    given = request.query_params.get("date", "")
    try:
        day = date.fromisoformat(given) if given else now.date()
    except ValueError:
        return HTMLResponse(page.error_page(f"{given!r} is not a date, expected one like 2026-03-21."), 400)
    if not 2000 <= day.year < 2100:
        return HTMLResponse(page.error_page("The simulator has games from 2010 on."), 400)
    games = listing(simulator.world, simulator.faults, day, now)
    adjacent = page.adjacent_dates(simulator.world, day)
    return HTMLResponse(page.scoreboard(day, games, now, adjacent, simulator.options.seed))


async def _not_found(request: Request, error: Exception) -> Response:
    return PlainTextResponse("NOT_FOUND", 404)


def _invalid(field: str, message: str) -> Response:
    return _json(to_json({"type": "validation", "on": "params", "property": field, "message": message}), 422)


def _date(text: str) -> date | None:
    try:
        return date(*map(int, text.split("/")))
    except (TypeError, ValueError):  # a month without a day, or 30 February
        return None
