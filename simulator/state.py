"""One server's state, and the mark on everything it answers."""

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

from models.reference import teams
from simulator import payload
from simulator.clock import Clock
from simulator.days import season_of
from simulator.faults import Faults
from simulator.listing import listing
from simulator.options import Options
from simulator.world import World

MARK = "x-gamepulse-simulator"
"""Header of every answer: nothing else tells it from the real API's."""

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


def mark(seed: int) -> str:
    """The value of the mark: `version/seed`."""
    try:
        return f"{version('gamepulse')}/{seed}"
    except PackageNotFoundError:
        return f"0/{seed}"


def simulator_of(request: Request) -> Simulator:
    """The state of the server that a request came to."""
    simulator: Simulator = request.app.state.simulator
    return simulator


class Marked:
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
