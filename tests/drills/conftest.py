"""A server for the drills, a stack that is shared by the tests of a module, and how long a drill is."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from support.dagster_stack import Stack, new_stack, until

from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.url import libpq_url


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.URL]:
    """The server of this test run."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"))
    try:
        yield libpq_url(server.ensure_running())
    finally:
        server.stop()


@pytest.fixture(scope="session")
def rounds(pytestconfig: pytest.Config) -> Callable[[int, int], int]:
    """How many rounds a drill has: the first number in short, the second with `--full`."""
    return lambda short, full: full if pytestconfig.getoption("--full") else short


@pytest.fixture(scope="module")
def stack(
    postgres_server: sa.URL, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Webserver and daemon that do nothing by themselves, and that are gone after a SIGTERM."""
    name = request.path.stem
    with new_stack(postgres_server, name, tmp_path_factory.mktemp(name)) as stack:
        stack.start_webserver()
        stack.stop_automation()
        stack.start_daemon()
        yield stack
        stack.stop()
        until("no process is left", lambda: not stack.processes(), 20)
