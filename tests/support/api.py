"""An HTTP server on loopback that answers what a test says."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Answer(NamedTuple):
    """What the API gives."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = {}  # noqa: RUF012


class Api:
    """An API on loopback: `answer` maps a path to what is given; `requests` are the paths asked for."""

    def __init__(self) -> None:
        self.answer: Callable[[str], Answer | None] = lambda path: None
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                api.requests.append(self.path)
                api.headers.append(dict(self.headers))
                answer = api.answer(self.path) or Answer(b'{"message":"Resource not found"}', 404)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer_with(self, answers: dict[str, bytes]) -> None:
        """Scoreboards by date, `2025-02-08`."""
        by_path = {f"/scoreboard/basketball-men/d1/{date.replace('-', '/')}": body for date, body in answers.items()}
        self.answer = lambda path: Answer(by_path[path]) if path in by_path else None
