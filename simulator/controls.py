"""What tests and the curious steer a running simulator with: its clock, its faults, its log of requests."""

from dataclasses import asdict
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.state import mark, simulator_of


def routes() -> list[Route]:
    """Everything under `/simulator`, where the API has nothing."""
    return [
        Route("/simulator", _about),
        Route("/simulator/clock", _clock, methods=["GET", "POST"]),
        Route("/simulator/faults", _faults, methods=["GET", "POST", "DELETE"]),
        Route("/simulator/requests", _requests, methods=["GET", "DELETE"]),
    ]


async def _about(request: Request) -> Response:
    simulator = simulator_of(request)
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
    """POST `{"faults": {name: options}, "messy": false}` replaces all; DELETE heals."""
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
    """The requests for the API so far, oldest first; DELETE forgets them."""
    simulator = simulator_of(request)
    if request.method == "DELETE":
        simulator.requests.clear()
    return JSONResponse(
        {"count": len(simulator.requests), "requests": [asdict(arrival) for arrival in simulator.requests]}
    )
