"""`gamepulse backfill` as a process: output, exit code, tables and Dagster's runs."""

import datetime as dt
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.events import RunFailureReason
from dagster._core.execution.retries import auto_reexecution_should_retry_run
from support.api import Answer, Api
from support.dagster_stack import PROJECT, environment
from support.warehouse import Warehouse
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.seasons import EASTERN

GAMEPULSE = Path(sys.executable).parent / "gamepulse"
GAMES = (Path(__file__).parents[2] / "scoreboards" / "one_day.json").read_bytes()
OFF_SEASON = b'{"games": []}'
Rows = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def variables(database_url: sa.URL, api: Api) -> dict[str, str]:
    """The environment of a command on the test's database and API."""
    return environment(
        DATABASE_URL=database_url.render_as_string(hide_password=False),
        NCAA_API_URL=api.url,
        NCAA_API_REQUESTS_PER_SECOND="inf",
        COLUMNS="200",
    )


@pytest.fixture
def runs(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dg.DagsterRun]]]:
    """Returns Dagster's runs of the command."""
    monkeypatch.setenv("DATABASE_URL", variables["DATABASE_URL"])
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        yield lambda: list(instance.get_runs())


def run(command: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GAMEPULSE, *command.split()], cwd=PROJECT, env=variables, capture_output=True, text=True, check=False
    )


def test_a_failed_date_is_reported_by_every_command_and_the_others_are_loaded(
    variables: dict[str, str], api: Api, rows: Rows, runs: Callable[[], list[dg.DagsterRun]]
) -> None:
    api.answer_with(
        {"2025-12-01": GAMES, "2025-07-01": OFF_SEASON, "2025-07-02": b"maintenance", "2025-07-03": OFF_SEASON}
    )
    found = run("backfill 2025-07-01 2025-07-03 --json", variables)
    assert found.returncode == 1, found.stderr
    result = json.loads(found.stdout)
    assert (result["dates"], result["dates_loaded"], result["error"]) == (3, 2, None)
    assert list(result["failed"]) == ["2025-07-02"]
    assert "not JSON ('maintenance')" in result["failed"]["2025-07-02"]
    assert "\x1b" not in found.stderr, "control characters without a terminal"
    assert sorted(found.stderr.splitlines()) == ["2025-07-01: 0 games", "2025-07-03: 0 games"]
    assert [str(row["game_date"]) for row in rows("SELECT game_date FROM scoreboard ORDER BY 1")] == [
        "2025-07-01",
        "2025-07-03",
    ]

    [failed] = runs()
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        assert not auto_reexecution_should_retry_run(instance, failed, RunFailureReason.RUN_EXCEPTION), (
            "the daemon retries a run that its user watches"
        )

    status = CliRunner().invoke(app, ["status", "--json"], env=variables)
    assert status.exit_code == 0, status.output
    shown = json.loads(status.stdout)
    assert (shown["dates_in"], shown["missing"], shown["next_tick_at"]) == (2, [], None)
    assert shown["failed"] == result["failed"]
    scores = CliRunner().invoke(app, ["scores", "2025-07-02"], env=variables)
    assert "2025-07-02 failed: " in scores.stdout
    assert "not JSON ('maintenance')" in scores.stdout

    api.answer_with({"2025-07-02": OFF_SEASON})
    repaired = run("backfill --missing", variables)
    assert "1 of 1 dates are loaded: 0 games" in repaired.stdout
    assert run("backfill --missing", variables).stdout == "No date is missing.\n"


def test_findings_are_printed_and_check_reports_them_for_all_dates_without_a_daemon(
    variables: dict[str, str], api: Api
) -> None:
    api.answer_with({"2025-12-01": GAMES, "2025-07-01": OFF_SEASON})
    unknown = "2025-12-01: unknown, its calendar was never fetched"
    printed = run("backfill 2025-12-01 2025-12-01", variables)
    assert printed.returncode == 0, printed.stderr
    assert "1 of 1 dates are loaded" in printed.stdout
    assert unknown in printed.stdout
    assert json.loads(run("backfill 2025-12-01 2025-12-01 --json", variables).stdout)["findings"] == {
        "2025-12-01": [unknown]
    }
    assert json.loads(run("backfill 2025-07-01 2025-07-01 --json", variables).stdout)["findings"] == {}

    checked = run("check", variables)
    assert checked.returncode == 1, checked.stderr
    assert unknown in checked.stdout
    result = json.loads(run("check --json", variables).stdout)
    assert result["passed"] is False
    assert result["checks"]["scoreboard_is_complete"] == {
        "state": "warning",
        "description": f"{unknown}.",
        "findings": 1,
    }
    assert result["checks"]["no_rejected_games"]["state"] == "passed"


def test_check_exits_0_when_all_checks_pass(variables: dict[str, str], api: Api, warehouse: Warehouse) -> None:
    api.answer_with({"2025-07-01": OFF_SEASON})
    run("backfill 2025-07-01 2025-07-01", variables)
    warehouse.query(
        "UPDATE scoreboard SET game_date = (now() AT TIME ZONE 'America/New_York')::date, games_expected = 0"
    )
    checked = run("check", variables)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.slow
def test_a_terminal_shows_a_progress_bar_and_then_a_table(variables: dict[str, str], api: Api) -> None:
    api.answer_with({"2025-07-01": OFF_SEASON, "2025-07-02": b"maintenance"})
    code, screen = in_terminal("backfill 2025-07-01 2025-07-02", variables)
    assert code == 1, screen
    assert "1/2" in screen
    assert "1 of 2 dates are loaded" in screen
    assert "Failed dates" in screen
    assert "ncaa_games_asset" not in screen
    assert " - dagster - " not in screen


def test_ctrl_c_leaves_complete_dates_and_a_canceled_run(
    variables: dict[str, str], api: Api, rows: Rows, runs: Callable[[], list[dg.DagsterRun]]
) -> None:
    hanging, released = threading.Event(), threading.Event()

    def answer(path: str) -> Answer | None:
        if path.endswith(("/07/01", "/07/02")):
            return Answer(OFF_SEASON)
        hanging.set()
        released.wait(60)
        return None

    api.answer = answer
    try:
        code, screen = in_terminal(
            "backfill 2025-07-01 2025-07-20", variables, lambda screen: hanging.is_set() and "2/20" in screen
        )
    finally:
        released.set()
    assert code == 130, screen
    assert "Stopped: 2 of 20 dates are loaded: 0 games" in screen
    assert "To go on: `gamepulse backfill 2025-07-03 2025-07-20`." in " ".join(screen.split())
    assert "Traceback" not in screen
    assert rows("SELECT count(*) FROM scoreboard") == [{"count": 2}]
    [run] = runs()
    assert run.status == dg.DagsterRunStatus.CANCELED


@pytest.mark.slow
def test_ctrl_c_between_two_attempts_cancels_the_run(
    variables: dict[str, str], api: Api, runs: Callable[[], list[dg.DagsterRun]]
) -> None:
    api.answer = lambda path: Answer(b"", 500)
    code, screen = in_terminal("backfill 2025-07-01 2025-07-01", variables, lambda screen: "retry in 8 s" in screen)
    assert code == 130, screen
    [run] = runs()
    assert run.status == dg.DagsterRunStatus.CANCELED
    assert "will_retry" not in str(run.tags) or run.tags["dagster/will_retry"] == "false", "the daemon runs it again"


def in_terminal(
    command: str, variables: dict[str, str], ctrl_c_when: Callable[[str], bool] = lambda screen: False
) -> tuple[int, str]:
    """Runs a command in its own terminal, presses Ctrl-C when told to, and returns exit code and screen."""
    ours, its = pty.openpty()
    child = subprocess.Popen(
        [GAMEPULSE, *command.split()],
        cwd=PROJECT, env=variables | {"TERM": "xterm"}, stdin=its, stdout=its, stderr=its, start_new_session=True,
        preexec_fn=become_foreground,
    )  # fmt: skip
    os.close(its)
    screen, pressed = "", False
    while True:
        try:
            output = os.read(ours, 65536)
        except OSError:  # the terminal is closed
            break
        if not output:
            break
        screen += output.decode(errors="replace")
        if not pressed and ctrl_c_when(screen):
            os.write(ours, b"\x03")
            pressed = True
    os.close(ours)
    return child.wait(30), screen


def become_foreground() -> None:
    """Makes the terminal send its keys to this process, as a shell does."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.slow
def test_details_are_loaded_after_the_games_and_their_number_is_said_first(
    variables: dict[str, str], api: Api, rows: Rows, runs: Callable[[], list[dg.DagsterRun]]
) -> None:
    def answer(path: str) -> Answer | None:
        if path.startswith("/scoreboard/"):
            return Answer(GAMES)
        if path.startswith("/game/"):
            location = {"venue": "Arena", "city": "Durham", "stateUsps": "NC"}
            return Answer(json.dumps({"contests": [{"id": int(path[6:]), "location": location}]}).encode())
        return None

    api.answer = answer
    run("backfill 2025-12-01 2025-12-01", variables)
    [finals] = rows("SELECT count(*) AS games FROM fact_game WHERE game_status = 'final'")
    late = run("backfill 2025-12-01 2025-12-01 --details", variables | {"NCAA_API_DETAILS_PER_DAY": "1"})
    assert late.returncode == 1
    assert late.stdout == (
        "1 dates exceed NCAA_API_DETAILS_PER_DAY, of which 0 were requested before."
        " Go on tomorrow: `gamepulse backfill 2025-12-01 2025-12-01 --details`.\n"
    )
    loaded = run("backfill 2025-12-01 2025-12-01 --details", variables)
    assert loaded.returncode == 0, loaded.stderr
    assert f"{finals['games']} games of 1 dates need details, one request each" in loaded.stderr
    assert loaded.stdout.startswith("1 of 1 dates are loaded")
    [found] = rows("SELECT count(*) AS games FROM fact_game WHERE venue = 'Arena'")
    assert found == finals
    assert {run.job_name for run in runs()} == {"ncaa_ingestion", "ncaa_details"}


@pytest.mark.slow
def test_audit_loads_the_standings_at_once_and_says_why_they_are_not_compared(
    variables: dict[str, str], api: Api
) -> None:
    missing = run("audit", variables)
    assert missing.returncode == 1
    assert "`gamepulse audit --load` does at once" in missing.stderr
    row = {"School": "Duke"} | {f"{kind} {field}": "1" for kind in ("Overall", "Conference") for field in "WL"}
    updated = f"{dt.datetime.now(EASTERN):%b %d, %Y} 12:01 AM EDT"
    body = json.dumps({"updated": updated, "data": [{"conference": "ACC", "standings": [row]}]}).encode()
    api.answer = lambda path: Answer(body) if path.startswith("/standings/") else None
    loaded = run("audit --load", variables)
    assert loaded.returncode == 1
    assert loaded.stdout.startswith("0 of 1 records equal the NCAA's standings of ")
    assert "No date of the season is loaded: run `gamepulse backfill FROM TO`." in loaded.stdout
