"""The HTTP server of the tests: answers set by the test, or scripts over the bare socket for broken ones."""

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, NamedTuple, Self

Script = Callable[[socket.socket], object]
"""Writes to the connection of a request; the connection is closed when it returns."""


class Answer(NamedTuple):
    """A complete response, after which the connection stays open."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = {}

    def encode(self) -> bytes:
        """Returns the bytes of the response."""
        return head(self.status, **{"Content-Length": len(self.body)} | dict(self.headers)) + self.body


@dataclass(frozen=True)
class Request:
    """A request as the server received it; names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    arrived: float = field(default_factory=time.monotonic)
    """Seconds of the monotonic clock, the same for all processes of a machine."""

    def json(self) -> Any:
        """Returns the parsed body."""
        return json.loads(self.body)


class Api:
    """An HTTP/1.1 server on loopback. A context manager."""

    def __init__(self) -> None:
        self.answer: Callable[[str], Answer | Script | None] = lambda path: None
        """Maps a request's path to its answer; None is a 404."""
        self.received: list[Request] = []
        self.requests: list[str] = []
        """Paths of the requests received."""
        self.connections = 0
        self.released = threading.Event()
        """Set when the server stops: a script that never answers waits for it."""
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def answer_with(self, answers: dict[str, bytes]) -> None:
        """Serves scoreboards by date, as `2025-02-08`, and 404 for everything else."""
        by_path = {f"/scoreboard/basketball-men/d1/{date.replace('-', '/')}": body for date, body in answers.items()}
        self.answer = lambda path: Answer(by_path[path]) if path in by_path else None

    def always(self, answer: Answer | Script) -> None:
        """Serves the same answer for every path."""
        self.answer = lambda path: answer

    def __enter__(self) -> Self:
        self._threads.append(threading.Thread(target=self._listen))
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.released.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            unread = b""
            while not self.released.is_set():
                while b"\r\n\r\n" not in unread:
                    received = connection.recv(65536)
                    if not received:
                        break
                    unread += received
                else:
                    request, unread = _read_request(connection, unread)
                    self.received.append(request)
                    self.requests.append(request.path)
                    answer = self.answer(request.path) or Answer(b'{"message":"Resource not found"}', 404)
                    if isinstance(answer, Answer):
                        connection.sendall(answer.encode())
                        continue
                    answer(connection)
                break
        self._open.discard(connection)


def head(status: int = 200, **headers: object) -> bytes:
    """Returns a response's status line and headers, for scripts; underscores in names become hyphens."""
    phrase = HTTPStatus(status).phrase if status in iter(HTTPStatus) else ""
    fields = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status} {phrase}", *fields, "", ""]).encode("latin-1")


def _read_request(connection: socket.socket, unread: bytes) -> tuple[Request, bytes]:
    """Parses the request at the start of `unread` and reads the rest of its body."""
    request_head, _, unread = unread.partition(b"\r\n\r\n")
    first, *lines = request_head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", 0))
    while len(unread) < length:
        received = connection.recv(65536)
        if not received:
            raise ConnectionError("The request ended early.")
        unread += received
    return Request(method, path, headers, unread[:length]), unread[length:]
