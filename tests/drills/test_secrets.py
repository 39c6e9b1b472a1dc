"""Passwords and keys appear in no log, run event, metadata, error or process list, whichever part fails."""

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.api import Api
from support.dagster_stack import PROJECT, Stack, new_stack, until
from support.databases import Databases

from pipelines.runtime.runs import REASON_TAG, TICK_REASON

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]

KEY, TOKEN, PING, API_PASSWORD = (secrets.token_hex(12) for _ in range(4))
TICK = {"dagster/schedule_name": "ncaa_schedule", REASON_TAG: TICK_REASON}


@pytest.fixture(scope="module")
def webhook() -> Iterator[str]:
    """The address of a server that refuses every alert and every call."""
    with Api() as api:
        yield api.url


@pytest.fixture(scope="module")
def stack(databases: Databases, webhook: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with every secret set and alerts on."""
    with databases.temporary() as url, new_stack(url, tmp_path_factory.mktemp("secrets")) as stack:
        stack.environment |= {
            "NCAA_API_KEY": KEY,
            "NCAA_API_URL": stack.api.url.replace("://", f"://gamepulse:{API_PASSWORD}@"),
            "ALERT_WEBHOOK_URL": f"{webhook}/services/{TOKEN}",
            "HEALTHCHECK_URL": f"{webhook}/ping/{PING}",
        }
        stack.start_webserver()
        stack.stop_automation()
        stack.start_sensor("failure_alert")
        stack.start_sensor("dead_mans_switch")
        stack.start_daemon()
        yield stack


@pytest.fixture
def seen_in_process_lists(stack: Stack) -> Iterator[set[str]]:
    """Collects command lines of this machine's processes that contain a secret while the test runs."""
    found: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue
                if any(secret in line for secret in _secrets(stack)):
                    found.add(line)

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield found
    over.set()
    watcher.join()


def test_secrets_appear_nowhere(stack: Stack, seen_in_process_lists: set[str]) -> None:
    output = _run_messages(stack) + _command_output(stack)
    stack.finish(stack.launch_date("2026-01-06", **TICK))
    for setting in ("ALERT_WEBHOOK_URL", "HEALTHCHECK_URL"):
        until(f"{setting} refused", lambda name=setting: f"{name} answered 404" in stack.log.read_text(), 90)
    assert all(request.key for request in stack.api.simulator.requests), "a request came without the key"
    output += str(stack.graphql("{ instance { info } }"))
    output += stack.log.read_text()

    assert _secrets_in(stack, output) == []
    assert _tables_with_secrets(stack) == []
    assert seen_in_process_lists == set()


def _secrets(stack: Stack) -> dict[str, str]:
    return {
        str(stack.url.password): "DATABASE_URL",
        KEY: "NCAA_API_KEY",
        TOKEN: "ALERT_WEBHOOK_URL",
        PING: "HEALTHCHECK_URL",
        API_PASSWORD: "NCAA_API_URL",
    }


def _secrets_in(stack: Stack, text: str) -> list[str]:
    """Returns the setting of each secret found in a text, with the text before it."""
    return [
        f"{name}: …{text[max(0, text.index(secret) - 300) : text.index(secret)]}"
        for secret, name in _secrets(stack).items()
        if secret in text
    ]


def _tables_with_secrets(stack: Stack) -> list[tuple[str, ...]]:
    """Returns rows of the pipeline's and Dagster's tables that contain a secret."""
    every = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('public', 'dagster')"
    found = []
    for (table,) in stack.rows(every):
        for secret, name in _secrets(stack).items():
            holds = (
                f"SELECT '{table}', '{name}', row::text FROM {table} AS row WHERE row::text LIKE '%{secret}%' LIMIT 1"
            )
            found += stack.rows(holds)
    return found


def _run_messages(stack: Stack) -> str:
    """Returns the messages of runs that succeed, fail and are killed."""
    runs = {}
    for date, fault, status in (
        ("2026-01-05", {}, "SUCCESS"),
        ("2026-01-06", {"http_401": {}}, "FAILURE"),
        ("2026-01-07", {"truncated": {}}, "FAILURE"),
        ("2026-01-08", {"http_429": {}}, "FAILURE"),
    ):
        stack.set_faults(**fault)
        runs[date] = stack.launch_date(date)
        assert stack.finish(runs[date], 120) == status
    stack.set_faults(hang={"seconds": 60})
    killed = stack.launch_date("2026-01-09")
    os.kill(until("its process started", lambda: stack.process_of(killed), 60), signal.SIGKILL)
    assert stack.finish(killed, 60) == "FAILURE"
    stack.set_faults()
    return "\n".join(line for run_id in (*runs.values(), killed) for line in stack.messages(run_id))


def _command_output(stack: Stack) -> str:
    """Returns the output of commands that succeed, and that fail at the API, the database and its login."""
    nowhere = stack.url.set(port=1).render_as_string(hide_password=False)
    # The user is wrong, not the password: it must stay secret also where the login fails.
    refused = stack.url.set(username="nobody").render_as_string(hide_password=False)
    output = ""
    for arguments, variables, code in (
        (["backfill", "2026-01-10", "2026-01-11"], {}, 0),
        (["backfill", "2026-01-10", "2026-01-11"], {"NCAA_API_URL": f"http://x:{API_PASSWORD}@127.0.0.1:1"}, 1),
        (["backfill", "2026-01-10", "2026-01-11"], {"DATABASE_URL": nowhere}, 1),
        (["migrate"], {"DATABASE_URL": refused}, 1),
        (["psql", "--", "-c", "SELECT pg_sleep(1)"], {}, 0),
    ):
        ended = subprocess.run(
            [Path(sys.executable).parent / "gamepulse", *arguments], cwd=PROJECT, env=stack.environment | variables,
            check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert ended.returncode == code, ended.stdout[-2000:]
        output += ended.stdout
    return output
