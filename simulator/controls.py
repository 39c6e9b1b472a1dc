"""The control endpoints under `/simulator`: state, clock, faults and the log of requests."""

from dataclasses import asdict
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.state import server_identity, simulator_of


def routes() -> list[Route]:
    """Returns the routes under `/simulator`, a path that the real API does not have."""
    return [
        Route("/simulator", _state),
        Route("/simulator/clock", _clock, methods=["GET", "POST"]),
        Route("/simulator/faults", _faults, methods=["GET", "POST", "DELETE"]),
        Route("/simulator/requests", _requests, methods=["GET", "DELETE"]),
    ]


async def _state(request: Request) -> Response:
    simulator = simulator_of(request)
    window = simulator.world.current_window
    return JSONResponse(
        {
            "simulator": server_identity(simulator.options.seed),
            "now": simulator.now.isoformat(),
            "speed": simulator.clock.speed,
            "current_window": window and {"from": str(window.opening), "to": str(window.last_day)},
            "last_season": simulator.world.last_season,
            "faults": simulator.faults.describe(),
        }
    )


async def _clock(request: Request) -> Response:
    """POST `{"now": "2026-03-21T20:00", "speed": 60}` sets the clock; without `now`, to wall time."""
    simulator = simulator_of(request)
    if request.method == "POST":
        body = await request.json()
        try:
            now = datetime.fromisoformat(body["now"]) if body.get("now") else None
            simulator.clock.set(now, float(body.get("speed", 1.0)))
        except ValueError as error:
            return JSONResponse({"message": str(error)}, 422)
    return JSONResponse({"now": simulator.now.isoformat(), "speed": simulator.clock.speed})


async def _faults(request: Request) -> Response:
    """POST `{"faults": {name: options}, "messy": false}` replaces all faults; DELETE removes them."""
    simulator = simulator_of(request)
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
    """GET lists the API requests received so far, oldest first; DELETE clears the list."""
    simulator = simulator_of(request)
    if request.method == "DELETE":
        simulator.requests.clear()
    return JSONResponse(
        {"count": len(simulator.requests), "requests": [asdict(received) for received in simulator.requests]}
    )
