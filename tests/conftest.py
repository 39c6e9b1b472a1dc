"""Which PostgreSQL the tests use, and where recordings are that they compare with."""

from pathlib import Path

import pytest
from support.postgres_servers import CHOICES, Choice, choose

SERVER = pytest.StashKey[Choice]()
SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pg",
        choices=CHOICES,
        default="auto",
        help="The PostgreSQL of the tests: a container, the embedded server, or the one at TEST_DATABASE_URL. "
        "auto (the default): a container where Docker and the image can be had, else the embedded server.",
    )
    parser.addoption(
        "--screenshots",
        type=Path,
        metavar="FOLDER",
        help="Where the browser's tests put the pictures of the documentation: docs/images.",
    )
    parser.addoption("--full", action="store_true", help="The drills (-m drill) at length: 20 minutes instead of 7.")
    parser.addoption("--soak", type=int, metavar="MINUTES", help="Also the drill of a tick a minute, so long.")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SERVER] = choose(config.getoption("--pg"))


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "postgres_server" in getattr(item, "fixturenames", ()):
            item.add_marker("database")


def pytest_report_header(config: pytest.Config) -> str:
    server = config.stash[SERVER]
    return f"PostgreSQL: {server.kind} ({server.why})"


@pytest.fixture(scope="session")
def postgres_choice(pytestconfig: pytest.Config) -> Choice:
    """The kind of server that this test run has."""
    return pytestconfig.stash[SERVER]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recordings and results beside the project; tests over them are not run where there are none."""
    if not SHARED.is_dir():
        pytest.skip(f"NOT RUN: it compares with recordings in {SHARED}, which is not on this machine")
    return SHARED / "data"
