"""SIGTERM and Ctrl-C end all processes within seconds."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.dagster_stack import PROJECT, environment, free_port, new_stack, processes_with, until
from support.databases import Databases

from pipelines.postgres.url import libpq_url, psycopg2_url
from pipelines.runtime.run_launcher import STOPPED_TAG

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(240)]


def test_sigterm_ends_daemon_webserver_and_runs_within_ten_seconds(databases: Databases, tmp_path: Path) -> None:
    with databases.temporary() as url, new_stack(url, tmp_path) as stack:
        stack.start_without_automation()
        stack.set_faults(hang={"seconds": 60})
        run_id = stack.wait_for_request(lambda: stack.launch_date("2026-01-05"))
        assert stack.stop() < 10
        assert stack.status(run_id) == "CANCELED"
        run = stack.instance.get_run_by_id(run_id)
        assert run is not None
        assert STOPPED_TAG in run.tags, "it would pass for canceled by a person"
        assert stack.dates_loaded() == set()


def test_up_loads_today_and_ctrl_c_ends_all_processes_but_the_database(tmp_path: Path) -> None:
    home = tmp_path / "home"
    variables = environment(GAMEPULSE_HOME=str(home), GAMEPULSE_SIMULATOR_PORT=str(free_port()), PYTHONUNBUFFERED="1")
    gamepulse = Path(sys.executable).parent / "gamepulse"
    began = time.monotonic()
    with (tmp_path / "up.log").open("wb") as log:
        up = subprocess.Popen(
            [gamepulse, "up", "--simulate", "--port", str(free_port())],
            cwd=PROJECT, env=variables, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        until(
            "the banner is printed",
            lambda: "GamePulse is up" in (tmp_path / "up.log").read_text() or up.poll() is not None,
            90,
        )
        assert up.poll() is None, (tmp_path / "up.log").read_text()[-2000:]
        port, password = ((home / "postgres" / name).read_text().strip() for name in ("port", "password"))
        url = libpq_url(f"postgresql://postgres:{password}@127.0.0.1:{port}/gamepulse_simulated")
        engine = sa.create_engine(psycopg2_url(url, "public"))

        def count(query: str) -> int:
            with engine.connect() as connection:
                return int(connection.scalar(sa.text(query)) or 0)

        until("today is loaded", lambda: count("SELECT count(*) FROM fact_game WHERE game_date = CURRENT_DATE"), 90)
        requested = "SELECT count(*) FROM requested_date WHERE game_date < CURRENT_DATE"
        until("the week before is requested", lambda: count(requested) == 7, 60)
        print(f"today was loaded after {time.monotonic() - began:.0f} s")  # noqa: T201
        engine.dispose()
        up.send_signal(signal.SIGINT)
        stopping = time.monotonic()
        up.wait(20)
        assert time.monotonic() - stopping < 10
        assert up.returncode == 0

        def remaining() -> dict[int, str]:
            found = processes_with("GAMEPULSE_HOME", str(home))
            return {pid: command for pid, command in found.items() if "postgres" not in command.partition(" ")[0]}

        until("all processes but the database's ended", lambda: not remaining(), 5)
    finally:
        for pid in processes_with("GAMEPULSE_HOME", str(home)):
            if pid != up.pid or up.poll() is None:
                os.kill(pid, signal.SIGINT if pid == up.pid else signal.SIGKILL)
        subprocess.run([gamepulse, "down"], cwd=PROJECT, env=variables, check=False, capture_output=True)
