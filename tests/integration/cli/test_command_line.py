"""The commands of the README as processes: exit codes and output."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.errors import DatabaseError
from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.url import libpq_text, psycopg2_url

PROJECT = Path(__file__).resolve().parents[3]
GAMES = (Path(__file__).parents[2] / "scoreboards" / "one_day.json").read_bytes()
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(api: Any, tmp_path: Path) -> Run:
    """Runs a command as in a fresh clone: the environment only names the folder of state and the API."""

    def run(command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        ours = {"DATABASE_URL", "DAGSTER_HOME", "DAGSTER_DATABASE_URL", "NCAA_API_KEY"}
        environment = {name: value for name, value in os.environ.items() if name not in ours}
        environment |= {"GAMEPULSE_HOME": str(tmp_path / "home"), "NCAA_API_URL": api.url, "COLUMNS": "200"} | variables
        program, *arguments = command.split()
        return subprocess.run(
            [Path(sys.executable).parent / program, *arguments],
            cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def fresh_machine(tmp_path: Path) -> Iterator[None]:
    """Stops the embedded server that commands of the test started."""
    yield
    EmbeddedPostgres(tmp_path / "home" / "postgres").stop()


MATERIALIZE = "dagster asset materialize -m pipelines.definitions --select ncaa_games --partition"


@pytest.mark.slow
@pytest.mark.usefixtures("fresh_machine")
def test_a_fresh_clone_without_settings_materializes_a_date_and_shows_it(run: Run, api: Any) -> None:
    api.answer_with({"2025-12-01": GAMES, "2025-12-02": b"maintenance"})
    loaded = run(f"{MATERIALIZE} 2025-12-01")
    assert loaded.returncode == 0, loaded.stderr
    assert "ncaa_games_asset_completed" in loaded.stdout
    assert (loaded.stdout + loaded.stderr).count("ncaa_games_asset_completed") == 1, "printed by Dagster too"
    launched = run("dg launch --assets ncaa_games --partition 2025-12-01")
    assert launched.returncode == 0, launched.stderr
    assert "games_unchanged=3" in launched.stdout

    failed = run(f"{MATERIALIZE} 2025-12-02")
    assert failed.returncode == 1
    assert "2025-12-02: GET " in failed.stderr
    assert "not JSON ('maintenance'); expected the scoreboard of 2025-12-02" in failed.stderr

    shown = run("gamepulse psql -- -At -c SELECT/**/count(*)FROM/**/fact_game")
    assert (shown.returncode, shown.stdout) == (0, "3\n"), shown.stderr
    assert "is stopped" in run("gamepulse down").stdout


@pytest.mark.usefixtures("fresh_machine")
@pytest.mark.parametrize("option", ["--simulate", "--simulated"])
def test_scores_of_simulated_games_work_in_a_fresh_clone(run: Run, option: str) -> None:
    shown = run(f"gamepulse scores 2026-01-10 {option}")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "while `gamepulse up --simulate` runs" in shown.stdout


@pytest.mark.slow
def test_an_unknown_partition_is_an_error_that_names_it(run: Run, database_url: sa.URL) -> None:
    url = database_url.render_as_string(hide_password=False)
    for key in ("2025-13-45", "2099-01-01"):
        found = run(f"{MATERIALIZE} {key}", DATABASE_URL=url)
        assert found.returncode == 1
        assert f"passed partition key `{key}`" in found.stderr


@pytest.mark.slow
def test_an_unusable_database_is_reported_in_one_sentence(
    run: Run, database_url: sa.URL, new_database: Callable[[], sa.URL]
) -> None:
    def with_asyncpg(url: sa.URL) -> str:
        return url.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)

    wrong = run("gamepulse psql", DATABASE_URL=with_asyncpg(database_url.set(password="hunter2")))
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "password authentication failed" in wrong.stderr
    assert "hunter2" not in wrong.stderr
    assert "Traceback" not in wrong.stderr

    unreachable = run(
        f"{MATERIALIZE} 2025-12-01", DATABASE_URL=with_asyncpg(database_url.set(port=1, password="hunter2"))
    )
    assert unreachable.returncode == 1
    assert "cannot be reached" in unreachable.stderr.splitlines()[-1]
    assert "hunter2" not in unreachable.stderr

    behind = with_asyncpg(new_database())
    assert "run `gamepulse migrate`" in run("gamepulse psql", DATABASE_URL=behind).stderr
    migrated = run("gamepulse migrate", DATABASE_URL=behind)
    assert migrated.returncode == 0, migrated.stderr
    assert "is at revision" in migrated.stdout
    assert run("gamepulse psql -- -c SELECT/**/1", DATABASE_URL=behind).returncode == 0


@pytest.mark.parametrize("command", ["scores", "status", "backfill 2025-12-01 2025-12-01"])
def test_an_unusable_database_raises_a_database_error(command: str, new_database: Callable[[], sa.URL]) -> None:
    behind = new_database()
    for url, sentence in ((behind, "run `gamepulse migrate`"), (behind.set(port=1), "cannot be reached")):
        variables = {"DATABASE_URL": url.render_as_string(hide_password=False)}
        found = CliRunner().invoke(app, command.split(), env=variables)
        assert isinstance(found.exception, DatabaseError), found.output
        assert sentence in str(found.exception)


@pytest.mark.slow
def test_migrate_merges_teams_that_were_loaded_under_an_old_slug(run: Run, database_url: sa.URL) -> None:
    url = database_url.render_as_string(hide_password=False)
    engine = sa.create_engine(psycopg2_url(database_url, "public"))
    with engine.begin() as connection:
        connection.execute(
            sa.text("""
            INSERT INTO dim_team (team_id, season, sport, slug, team_name, valid_from, is_current,
                team_name_watermark, full_name_watermark, abbreviation_watermark, conference_watermark)
            VALUES ('ncaam_saint-peters', 2017, 'ncaam', 'saint-peters', 'St Peter', '2017-08-01', true, 1, 0, 0, 0)
            """)
        )
    assert (
        "Merged 1 team season that was loaded under an old slug." in run("gamepulse migrate", DATABASE_URL=url).stdout
    )
    with engine.connect() as connection:
        assert connection.scalars(sa.text("SELECT team_id FROM dim_team")).all() == ["ncaam_st-peters"]
    engine.dispose()
    assert "Merged" not in run("gamepulse migrate", DATABASE_URL=url).stdout


def test_errors_the_user_can_fix_are_printed_as_one_sentence(run: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        up = run(f"gamepulse up --port {port}")
    assert (up.returncode, up.stdout) == (1, "")
    assert f"Port {port} is taken" in up.stderr
    assert f"`gamepulse up --port {port + 1}`" in up.stderr
    assert not (tmp_path / "home").exists(), "a database was started"

    wrong = run("gamepulse status", NCAA_API_REQUESTS_PER_SECOND="many")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("gamepulse: NCAA_API_REQUESTS_PER_SECOND: ")
    assert "Traceback" not in wrong.stderr


@pytest.mark.parametrize(
    "command",
    [
        "scores 2025-13-45",
        "backfill",
        "backfill tomorrow",
        "backfill --season 2024 --last 7d",
        "backfill --missing 2025-12-01",
        "up --port 0",
    ],
)
def test_wrong_arguments_exit_with_2(command: str) -> None:
    assert CliRunner().invoke(app, command.split()).exit_code == 2


def test_a_server_of_dagsters_own_that_is_away_is_one_sentence(run: Run, database_url: sa.URL) -> None:
    away = database_url.set(port=1).render_as_string(hide_password=False)
    failed = run("gamepulse migrate", DATABASE_URL=libpq_text(database_url), DAGSTER_DATABASE_URL=away)
    assert failed.returncode == 1
    assert re.fullmatch(r"gamepulse: Database '\w+' at \S+:1 as \S+ cannot be reached: .*\n", failed.stderr)
