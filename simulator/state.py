"""The state of one server, and the middleware that identifies its answers and logs its requests."""

import time
from collections import deque
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from pydantic_core import to_json
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator import payload
from simulator.clock import Clock
from simulator.days import season_of
from simulator.faults import Faults
from simulator.listing import listing
from simulator.options import Options
from simulator.world import World

SIMULATOR_HEADER = "x-gamepulse-simulator"
"""Header of every answer; the only difference from the real API."""

_CACHED_AFTER = timedelta(days=2)
_CACHED_DATES = 64
_LOGGED_REQUESTS = 50_000


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request to the API, received at a monotonic time in seconds."""

    at: float
    path: str
    user_agent: str
    key: bool
    """Whether it carried `x-ncaa-key`."""


class Simulator:
    """The state of one server: its games, clock, faults and received requests."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock = Clock(options.now, options.speed)
        self.faults = Faults(options.seed, options.faults, messy=options.messy)
        self.requests: deque[ReceivedRequest] = deque(maxlen=_LOGGED_REQUESTS)
        today = self.now.date()
        midseason_date = options.midseason_date
        if midseason_date is None and options.season is None and options.now is None:
            midseason_date = today
        self.world = World(
            seed=options.seed,
            last_season=season_of(today) + 1 if options.season is None else options.season,
            midseason_date=midseason_date,
        )
        self._past_games: dict[date, bytes] = {}

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def scoreboard(self, day: date, now: datetime) -> bytes:
        """Returns the scoreboard of a date in the current format."""
        if self.faults.affects_games or self.faults.on_date(day, now) or now.date() - day <= _CACHED_AFTER:
            return payload.scoreboard(listing(self.world, self.faults, day, now), now)
        if day not in self._past_games:
            if len(self._past_games) >= _CACHED_DATES:
                del self._past_games[next(iter(self._past_games))]
            games = [payload.contest(game) for game in listing(self.world, self.faults, day, now)]
            self._past_games[day] = to_json(games)
        return payload.envelope(self._past_games[day], now)


def server_identity(seed: int) -> str:
    """Returns the value of the simulator's header: `version/seed`."""
    try:
        return f"{version('gamepulse')}/{seed}"
    except PackageNotFoundError:
        return f"0/{seed}"


def simulator_of(request: Request) -> Simulator:
    """Returns the state of the server that received the request."""
    simulator: Simulator = request.app.state.simulator
    return simulator


class SimulatorMiddleware:
    """Adds the simulator's header to every answer, logs API requests, and checks the key."""

    def __init__(self, app: ASGIApp, simulator: Simulator) -> None:
        self._app = app
        self._simulator = simulator
        self._identity = server_identity(simulator.options.seed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_identified(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[SIMULATOR_HEADER] = self._identity
            await send(message)

        path: str = scope["path"]
        if path == "/" or path.startswith("/simulator"):
            await self._app(scope, receive, send_identified)
            return
        headers = Headers(scope=scope)
        key = headers.get("x-ncaa-key")
        self._simulator.requests.append(
            ReceivedRequest(time.monotonic(), path, headers.get("user-agent", ""), key is not None)
        )
        if self._simulator.options.key not in (None, key):
            await PlainTextResponse("Unauthorized", 401)(scope, receive, send_identified)
            return
        await self._app(scope, receive, send_identified)
