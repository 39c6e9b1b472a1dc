"""The length of a drill."""

from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def rounds(pytestconfig: pytest.Config) -> Callable[[int, int], int]:
    """Chooses between the number of rounds of a short drill and that of a full one (`--full`)."""
    return lambda short, full: full if pytestconfig.getoption("--full") else short
