"""Runs the application: for the command line until interrupted, for tests in a thread on a free port."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from simulator.app import Simulator, create_app
from simulator.options import Options

_START_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Served:
    """A server that is up."""

    url: str
    """Without a slash at the end: `http://127.0.0.1:43210`."""
    simulator: Simulator
    """Its state; clock, faults and requests may be used from the test's own thread."""


def serve(options: Options, host: str = "127.0.0.1", port: int = 8765) -> None:
    """Serve until interrupted."""
    uvicorn.run(create_app(options), host=host, port=port, log_level="warning", access_log=False)


@contextmanager
def serving(options: Options | None = None, host: str = "127.0.0.1") -> Iterator[Served]:
    """Serve from a thread on a free loopback port for as long as the block runs."""
    app = create_app(options)
    server = _Server(app)
    with socket.create_server((host, 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="simulator", daemon=True)
        thread.start()
        if not server.is_up.wait(_START_TIMEOUT):
            raise RuntimeError(f"the simulator did not start within {_START_TIMEOUT:.0f} s")
        try:
            yield Served(f"http://{host}:{listener.getsockname()[1]}", app.state.simulator)
        finally:
            server.should_exit = True
            server.force_exit = True  # a test's hanging answer is not waited for
            thread.join(_START_TIMEOUT)


class _Server(uvicorn.Server):
    """Tells when it is up, and leaves signals to the process whose thread it runs in."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
