"""A real PostgreSQL, a database of its own for each test, and an HTTP server that answers what a test says."""

import itertools
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from support.postgres_servers import Choice, serving

from pipelines.postgres.database import migrate
from pipelines.postgres.url import psycopg2_url
from pipelines.settings import Settings

# The process in the name: a server that outlives the tests may serve several runs at once.
TEMPLATE = f"gamepulse_test_{os.getpid()}"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server(postgres_choice: Choice, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.URL]:
    """The server of this test run: the one place that knows where it is."""
    with serving(postgres_choice, lambda: tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def administrator(postgres_server: sa.URL) -> Iterator[sa.Engine]:
    """Creates and drops databases."""
    engine = sa.create_engine(psycopg2_url(postgres_server, "public"), isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def template(postgres_server: sa.URL, administrator: sa.Engine) -> Iterator[str]:
    """A migrated database without games, to be copied."""
    with administrator.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {TEMPLATE}"))
    migrate(postgres_server.set(database=TEMPLATE))
    yield TEMPLATE
    with administrator.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {TEMPLATE} WITH (FORCE)"))


@pytest.fixture
def new_database(postgres_server: sa.URL, administrator: sa.Engine) -> Iterator[Callable[..., sa.URL]]:
    """Makes databases that are gone after the test."""
    made: list[str] = []

    def create(template: str = "template0") -> sa.URL:
        name = f"{TEMPLATE}_{next(_numbers)}"
        with administrator.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        made.append(name)
        return postgres_server.set(database=name)

    yield create
    with administrator.connect() as connection:
        for name in made:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def database_url(new_database: Callable[..., sa.URL], template: str) -> sa.URL:
    """A migrated database without games, for this test alone."""
    return new_database(template)


@pytest.fixture
def settings(database_url: sa.URL) -> Settings:
    """Settings of that database, whatever the environment says."""
    return Settings(database_url=SecretStr(database_url.render_as_string(hide_password=False)))


@pytest.fixture
def rows(database_url: sa.URL) -> Iterator[Callable[[str], list[dict[str, object]]]]:
    """Reads the test's database with a query of its own."""
    engine = sa.create_engine(psycopg2_url(database_url, "public"))

    def read(query: str) -> list[dict[str, object]]:
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.text(query)).mappings()]

    yield read
    engine.dispose()


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


@pytest.fixture
def api() -> Iterator[Api]:
    """The NCAA API as the test has it."""
    api = Api()
    thread = threading.Thread(target=api.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield api
    api.server.shutdown()
    thread.join()
    api.server.server_close()
