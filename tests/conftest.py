"""Options, markers, and the fixtures that tests of several folders share: server, databases, API, running stack."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.api import Api
from support.dagster_stack import Stack, new_stack
from support.databases import Databases
from support.postgres_servers import CHOICES, Choice, choose, serving

SERVER = pytest.StashKey[Choice]()
NOT_RUN = pytest.StashKey[int]()
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared/data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pg",
        choices=CHOICES,
        default="auto",
        help="PostgreSQL server of the tests: a container, the embedded server, or the server at TEST_DATABASE_URL. "
        "auto (the default) uses a container where Docker and the image are available, otherwise the embedded server.",
    )
    parser.addoption(
        "--screenshots",
        type=Path,
        metavar="FOLDER",
        help="Write the documentation's screenshots, taken by the UI tests, to this folder (docs/images).",
    )
    parser.addoption("--full", action="store_true", help="Run the drills (-m drill) at full length: 20 minutes, not 7.")
    parser.addoption(
        "--soak", type=int, metavar="MINUTES", help="Run the soak drill, which runs one tick per minute, this long."
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SERVER] = choose(config.getoption("--pg"))
    config.stash[NOT_RUN] = 0
    # Expected output does not depend on how pytest was started.
    os.environ.pop("UV_RUN_RECURSION_DEPTH", None)


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "postgres_server" in fixtures:
            item.add_marker("database")
        if "shared_data" in fixtures:
            item.add_marker("shared_data")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("shared_data") is not None and not SHARED_DATA.is_dir():
        item.config.stash[NOT_RUN] += 1
        pytest.skip(f"NOT RUN: {SHARED_DATA} does not exist")


def pytest_report_header(config: pytest.Config) -> str:
    server = config.stash[SERVER]
    return f"PostgreSQL: {server.kind} ({server.why})"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not_run := config.stash[NOT_RUN]:
        terminalreporter.section("not run", yellow=True)
        terminalreporter.line(
            f"{not_run} tests compare with recorded answers and results in {SHARED_DATA}, which does not exist. "
            "CONTRIBUTING.md lists the files they need."
        )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded answers and results beside the project. Tests are marked `shared_data` by using it."""
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgres_choice(pytestconfig: pytest.Config) -> Choice:
    """The kind of server that this test run uses."""
    return pytestconfig.stash[SERVER]


@pytest.fixture(scope="session")
def postgres_server(postgres_choice: Choice, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.URL]:
    """The URL of this test run's server."""
    with serving(postgres_choice, lambda: tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def databases(postgres_server: sa.URL) -> Iterator[Databases]:
    """Creates temporary databases for fixtures of any scope: `with databases.temporary() as url`."""
    databases = Databases(postgres_server)
    yield databases
    databases.close()


@pytest.fixture
def api() -> Iterator[Api]:
    """An NCAA API whose answers the test sets."""
    with Api() as api:
        yield api


@pytest.fixture(scope="module")
def running_stack(
    databases: Databases, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Webserver and daemon with schedules and sensors off, shared by the tests of a module."""
    with (
        databases.temporary() as url,
        new_stack(url, tmp_path_factory.mktemp(request.path.stem)) as stack,
    ):
        stack.start_without_automation()
        yield stack
        stack.stop()


@pytest.fixture
def stack(running_stack: Stack) -> Iterator[Stack]:
    """The running stack, with an API without faults before and after the test."""
    running_stack.set_faults()
    yield running_stack
    running_stack.set_faults()
