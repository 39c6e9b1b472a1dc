"""A running stack, shared by the tests of a module."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from support.dagster_stack import Stack, new_stack

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


@pytest.fixture(scope="module")
def running(
    postgres_server: sa.URL, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Webserver and daemon, shared by the tests of a module, that do nothing by themselves."""
    name = request.path.stem  # one server, but a database for each module
    with new_stack(postgres_server, name, tmp_path_factory.mktemp(name)) as stack:
        stack.start_webserver()
        stack.stop_automation()
        stack.start_daemon()
        yield stack


@pytest.fixture
def stack(running: Stack) -> Iterator[Stack]:
    """The running stack with an API that is well, before and after the test."""
    running.set_faults()
    yield running
    running.set_faults()
