"""A server that notes when it was asked, and processes that ask it through the limit."""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import SecretStr

from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.rate_limit import RateLimit
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings


@dataclass
class Arrivals:
    """When requests arrived, in seconds of the monotonic clock."""

    url: str
    times: list[float] = field(default_factory=list)
    of: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """The same by who asked."""


@contextmanager
def counting_server() -> Iterator[Arrivals]:
    """Answers everything with an empty 200."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            now = time.monotonic()
            arrivals.times.append(now)
            arrivals.of[self.path.split("/")[1]].append(now)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    arrivals = Arrivals(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield arrivals
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(name: str, database_url: str, url: str, per_second: float, requests: int) -> None:
    """Runs in a process of its own: so many requests at once, each in its turn."""

    async def run() -> None:
        settings = Settings(database_url=SecretStr(database_url))
        async with (
            Database(settings) as database,
            RateLimit(database, per_second) as limit,
            NcaaClient(f"{url}/{name}", limit=limit) as client,
        ):
            answers = (client.game(contest_id) for contest_id in range(requests))
            await asyncio.gather(*answers, return_exceptions=True)

    asyncio.run(run())


def busiest(times: list[float], seconds: float) -> int:
    """Most arrivals within any stretch of so many seconds."""
    ordered = sorted(times)
    return max(sum(first <= time < first + seconds for time in ordered) for first in ordered)
