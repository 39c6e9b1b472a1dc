"""What importing the API client loads."""

import subprocess
import sys

import pytest

IMPORTED = "import sys, pipelines.ncaa.{}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"


@pytest.mark.parametrize("module", ["client", "scoreboard"])
def test_importing_the_client_loads_no_database_driver_and_no_dagster(module: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", IMPORTED.format(module)], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "pydantic" in loaded
    assert not {"asyncpg", "psycopg2", "sqlalchemy", "sqlmodel", "dagster", "pydantic_settings"} & set(loaded)
