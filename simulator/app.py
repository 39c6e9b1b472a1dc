"""The HTTP surface: the API's endpoints with its own odd answers, a page to look at, and controls for tests."""

import re
import time
from collections import deque
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.reference import teams
from simulator import page, payload
from simulator.clock import Clock
from simulator.days import season_of
from simulator.faults import Endpoint, Faults
from simulator.listing import counts, listing
from simulator.options import Options
from simulator.spoil import spoil
from simulator.world import World

MARK = "x-gamepulse-simulator"
"""Header of every answer: nothing else tells it from the real API's."""

SPORT = "basketball-men"
_DIVISIONS = ("d1", "d2", "d3")
_DATE = re.compile(r"(\d{4}/\d{2}/\d{2})|(\d{4}/(\d{2}|P))")  # what the API looks for; anything else means today
_SETTLED_AFTER = timedelta(days=2)
_KEPT_DAYS = 64
_KEPT_ARRIVALS = 50_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request for the API that came in, at a monotonic time in seconds."""

    at: float
    path: str
    user_agent: str
    key: bool
    """Whether it had an `x-ncaa-key`."""


class Simulator:
    """One server's state: its world, clock, faults and the requests it got."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock = Clock(options.now, options.speed)
        self.faults = Faults(options.seed, options.faults, messy=options.messy)
        self.requests: deque[Arrival] = deque(maxlen=_KEPT_ARRIVALS)
        today = self.today
        laid_around = options.laid_around
        if laid_around is None and options.season is None and options.now is None:
            laid_around = today
        self.world = World(
            seed=options.seed,
            teams=teams(),
            last_season=season_of(today) + 1 if options.season is None else options.season,
            laid_around=laid_around,
        )
        self._settled: dict[date, bytes] = {}

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def today(self) -> date:
        return self.now.date()

    def scoreboard(self, day: date, now: datetime) -> bytes:
        """The answer for a date in the current format."""
        if self.faults.spoil_games or now.date() - day <= _SETTLED_AFTER:
            return payload.scoreboard(listing(self.world, self.faults, day, now), now)
        if day not in self._settled:
            if len(self._settled) >= _KEPT_DAYS:
                del self._settled[next(iter(self._settled))]
            shown = [payload.contest(game) for game in listing(self.world, self.faults, day, now)]
            self._settled[day] = to_json(shown)
        return payload.envelope(self._settled[day], now)


def create_app(options: Options | None = None) -> Starlette:
    """An application of its own world, clock and faults: `app.state.simulator`."""
    simulator = Simulator(options or Options())
    app = Starlette(
        routes=[
            Route("/", _front_page),
            Route("/scoreboard/{sport}/{rest:path}", _scoreboard),
            Route("/schedule-alt/{sport}/{division}/{season}", _schedule),
            Route("/game/{contest_id}", _game),
            Route("/schools-index", _schools),
            Route("/simulator", _about),
            Route("/simulator/clock", _clock, methods=["GET", "POST"]),
            Route("/simulator/faults", _faults, methods=["GET", "POST", "DELETE"]),
            Route("/simulator/requests", _requests, methods=["GET", "DELETE"]),
        ],
        exception_handlers={404: _not_found},
    )
    app.state.simulator = simulator
    app.add_middleware(_Marked, simulator=simulator)
    return app


class _Marked:
    """Marks every answer as simulated, and notes each request for the API when it arrives."""

    def __init__(self, app: ASGIApp, simulator: Simulator) -> None:
        self._app = app
        self._simulator = simulator
        self._mark = mark(simulator.options.seed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[MARK] = self._mark
            await send(message)

        path: str = scope["path"]
        if path == "/" or path.startswith("/simulator"):
            await self._app(scope, receive, marked)
            return
        headers = Headers(scope=scope)
        key = headers.get("x-ncaa-key")
        self._simulator.requests.append(Arrival(time.monotonic(), path, headers.get("user-agent", ""), key is not None))
        if self._simulator.options.key not in (None, key):
            await PlainTextResponse("Unauthorized", 401)(scope, receive, marked)
            return
        await self._app(scope, receive, marked)


def mark(seed: int) -> str:
    """The value of the mark: `version/seed`."""
    try:
        return f"{version('gamepulse')}/{seed}"
    except PackageNotFoundError:
        return f"0/{seed}"


def _simulator(request: Request) -> Simulator:
    simulator: Simulator = request.app.state.simulator
    return simulator


def _json(body: str | bytes, status: int = 200, max_age: int = 60) -> Response:
    headers = {"cache-control": f"public, max-age={max_age}"}
    return Response(body, status, headers, media_type="application/json")


async def _scoreboard(request: Request) -> Response:
    simulator = _simulator(request)
    now = simulator.now
    if request.path_params["sport"] != SPORT:
        return _invalid("sport", "Invalid sport")
    rest: str = request.path_params["rest"]
    division = rest.split("/")[0]
    if division not in _DIVISIONS:
        return _json('{"message":"Invalid division"}', 400)
    found = _DATE.search(rest)
    day: date | None = now.date()
    if found:
        if not 2010 <= int(found[0][:4]) <= now.year + 1:
            return _json("Invalid date", 400)
        day = _date(found[0])
    if day is None or division != "d1":  # no such date, a month, another division: nothing is ever wrong
        return _json(payload.scoreboard((), now))
    struck = simulator.faults.on_answer(Endpoint.SCOREBOARD, request.url.path, day, now)
    if struck:
        return await spoil(request, struck, simulator.world, simulator.faults, day, now)
    return _json(simulator.scoreboard(day, now))


async def _schedule(request: Request) -> Response:
    simulator = _simulator(request)
    now = simulator.now
    season: str = request.path_params["season"]
    if request.path_params["sport"] != SPORT:
        return _invalid("sport", "Invalid sport")
    if request.path_params["division"] not in _DIVISIONS:
        return _invalid("division", "Invalid division")
    if not season.isdecimal() or not 2000 <= int(season) <= now.year + 1:
        return _invalid("year", "Invalid year")
    struck = simulator.faults.on_answer(Endpoint.SCHEDULE, request.url.path, None, now)
    if struck:
        return await spoil(request, struck, simulator.world, simulator.faults, now.date(), now)
    days = counts(simulator.world, simulator.faults, int(season), now)
    return _json(to_json(payload.calendar(days, now.date())), max_age=1800)


async def _game(request: Request) -> Response:
    simulator = _simulator(request)
    now = simulator.now
    contest_id: str = request.path_params["contest_id"]
    if not contest_id.isdecimal() or not 999_999 <= int(contest_id) <= 99_999_999:
        return _invalid("id", "Invalid value")
    struck = simulator.faults.on_answer(Endpoint.GAME, request.url.path, None, now)
    if struck:
        return await spoil(request, struck, simulator.world, simulator.faults, now.date(), now)
    return _json(to_json(payload.one_game(simulator.world.game(int(contest_id)), now)))


async def _schools(request: Request) -> Response:
    return _json(to_json(payload.schools(_simulator(request).world.teams)), max_age=1800)


async def _front_page(request: Request) -> Response:
    simulator = _simulator(request)
    now = simulator.now
    asked = request.query_params.get("date", "")
    try:
        day = date.fromisoformat(asked) if asked else now.date()
    except ValueError:
        return HTMLResponse(page.mistake(f"{asked!r} is not a date; write it as 2026-03-21."), 400)
    if not 2000 <= day.year < 2100:
        return HTMLResponse(page.mistake("This simulator plays from 2010 on."), 400)
    games = listing(simulator.world, simulator.faults, day, now)
    return HTMLResponse(page.scoreboard(day, games, now, page.neighbours(simulator.world, day), simulator.options.seed))


async def _about(request: Request) -> Response:
    simulator = _simulator(request)
    laid = simulator.world.laid
    return JSONResponse(
        {
            "simulator": mark(simulator.options.seed),
            "now": simulator.now.isoformat(),
            "speed": simulator.clock.speed,
            "laid_season": laid and {"from": str(laid.opening), "to": str(laid.last_day)},
            "last_season": simulator.world.last_season,
            "faults": simulator.faults.describe(),
        }
    )


async def _clock(request: Request) -> Response:
    """POST `{"now": "2026-03-21T20:00", "speed": 60}`; without `now` to the wall's present."""
    simulator = _simulator(request)
    if request.method == "POST":
        body = await request.json()
        try:
            now = datetime.fromisoformat(body["now"]) if body.get("now") else None
            simulator.clock.set(now, float(body.get("speed", 1.0)))
        except ValueError as error:
            return JSONResponse({"message": str(error)}, 422)
    return JSONResponse({"now": simulator.now.isoformat(), "speed": simulator.clock.speed})


async def _faults(request: Request) -> Response:
    """POST `{"faults": {name: options}, "messy": false}` replaces all; DELETE heals."""
    simulator = _simulator(request)
    if request.method == "DELETE":
        simulator.faults.set({})
    elif request.method == "POST":
        body = await request.json()
        try:
            simulator.faults.set(body.get("faults", {}), messy=bool(body.get("messy", False)))
        except ValueError as error:
            return JSONResponse({"message": str(error)}, 422)
    return JSONResponse({"messy": simulator.faults.messy, "faults": simulator.faults.describe()})


async def _requests(request: Request) -> Response:
    """The requests for the API so far, oldest first; DELETE forgets them."""
    simulator = _simulator(request)
    if request.method == "DELETE":
        simulator.requests.clear()
    return JSONResponse(
        {"count": len(simulator.requests), "requests": [asdict(arrival) for arrival in simulator.requests]}
    )


async def _not_found(request: Request, error: Exception) -> Response:
    return PlainTextResponse("NOT_FOUND", 404)


def _invalid(field: str, message: str) -> Response:
    return _json(to_json({"type": "validation", "on": "params", "property": field, "message": message}), 422)


def _date(text: str) -> date | None:
    try:
        return date(*map(int, text.split("/")))
    except (TypeError, ValueError):  # a month alone, or 30 February
        return None


__all__ = ["MARK", "Arrival", "Simulator", "create_app"]
