"""Runs the server: in the foreground for the command line, in a thread on a free port for tests."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from simulator.app import create_app
from simulator.options import Options
from simulator.state import Simulator

_HOST = "127.0.0.1"
_START_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    url: str
    """Without a trailing slash: `http://127.0.0.1:43210`."""
    simulator: Simulator
    """The server's state; a test may use clock, faults and requests from its own thread."""


def serve(app: Starlette, host: str, port: int) -> None:
    """Serves until interrupted."""
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


@contextmanager
def serving(options: Options | None = None) -> Iterator[Served]:
    """Serves from a thread on a free loopback port for the duration of the block."""
    app = create_app(options)
    server = _ThreadedServer(app)
    with socket.create_server((_HOST, 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="simulator", daemon=True)
        thread.start()
        if not server.started_event.wait(_START_TIMEOUT):
            raise RuntimeError(f"the simulator did not start within {_START_TIMEOUT:.0f} s")
        try:
            yield Served(f"http://{_HOST}:{listener.getsockname()[1]}", app.state.simulator)
        finally:
            server.should_exit = True
            server.force_exit = True  # do not wait for a test's hanging answer
            thread.join(_START_TIMEOUT)


class _ThreadedServer(uvicorn.Server):
    """Signals when it has started, and leaves signal handlers to the process whose thread it runs in."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
        self.started_event = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.started_event.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
