"""A server of bare sockets, for answers that no HTTP library gives, and a client that asks it for one scoreboard."""

import asyncio
import datetime as dt
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from pipelines.errors import NcaaApiError
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ScoreboardResponse

DATE = dt.date(2026, 2, 3)
PATH = "/scoreboard/basketball-men/d1/2026/02/03"
BODY = b'{"games": []}'
KEY = "s3cr3t-key"


class Wire:
    """Listens on loopback; once a request's head is there, `script` does with the connection what it likes."""

    def __init__(self) -> None:
        self.script: Callable[[socket.socket], object] = lambda connection: None
        self.requests: list[str] = []
        self.connections = 0
        self.released = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def listen(self) -> None:
        """Until `stop`."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                received = connection.recv(65536)
                if not received:
                    return
                head += received
            self.requests.append(head.decode("latin-1"))
            self.script(connection)

    def stop(self) -> None:
        """Ends scripts that wait for `released`, and all connections."""
        self.released.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)


def ask(
    base_url: str, game_date: dt.date = DATE, *, key: str | None = None, timeout: float = 5.0
) -> ScoreboardResponse:
    async def run() -> ScoreboardResponse:
        async with NcaaClient(base_url, key=key, timeout=timeout) as client:
            return await client.scoreboard(MENS_BASKETBALL, game_date)

    return asyncio.run(run())


def head(status: str = "200 OK", **headers: object) -> bytes:
    fields = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""]).encode("latin-1")


def says(body: bytes, status: str = "200 OK", **headers: object) -> Callable[[socket.socket], None]:
    """A script that gives a whole answer."""
    return lambda connection: connection.sendall(head(status, **headers, Content_Length=len(body)) + body)


def assert_is_a_sentence(error: NcaaApiError, url: str) -> None:
    message = str(error)
    assert message.startswith(f"GET {url}{PATH} ")
    assert message.endswith(".")
    assert not message.endswith("..")
    assert message.isprintable()
    assert len(message) < 400
