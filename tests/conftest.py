"""Where recordings are, for tests that compare with them."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recordings and results beside the project; tests over them are not run where there are none."""
    if not SHARED.is_dir():
        pytest.skip(f"NOT RUN: it compares with recordings in {SHARED}, which is not on this machine")
    return SHARED / "data"
