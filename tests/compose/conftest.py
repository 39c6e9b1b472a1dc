"""The stack of docker-compose.yml with simulated games, and what a person at its UI or shell can do."""

import json
import os
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.dagster_stack import free_port, until

PROJECT = Path(__file__).resolve().parents[2]
RUNBOOK = PROJECT / "docs/runbook.md"
IMAGE = "gamepulse-compose-test"
FILES = ("docker-compose.yml", "docker-compose.override.yml", "tests/compose/every-minute.yml")
LOCATION = {"repositoryName": "__repository__", "repositoryLocationName": "every_minute.py"}
SERVICES = ("db", "dagster-webserver", "dagster-daemon", "simulator")


def run(*command: str, **variables: str) -> str:
    """What it prints; its errors are the failure's message."""
    finished = subprocess.run(
        command, cwd=PROJECT, env=os.environ | variables, capture_output=True, text=True, timeout=900, check=False
    )
    assert finished.returncode == 0, (
        f"{shlex.join(command)} ended with {finished.returncode}:\n{finished.stderr[-4000:]}"
    )
    return finished.stdout


class ComposeStack:
    """One project of Compose."""

    def __init__(self, dump: Path) -> None:
        self.dump = dump
        self.project = f"gamepulse-test-{os.getpid()}"
        self.port = free_port()
        new = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
        self._compose = (
            *(("docker", "compose") if new else ("docker-compose",)),
            *(word for file in FILES for word in ("-f", file)),
            *("--env-file", ".env.example", "-p", self.project, "--profile", "simulate"),
        )
        self._variables = {
            "GAMEPULSE_IMAGE": IMAGE,
            "GAMEPULSE_PORT": str(self.port),
            "NCAA_API_URL": "http://simulator:8765",
            "POSTGRES_PASSWORD": "p@ss/w:rd%",  # characters that a URL cannot take as they are
            "GAMEPULSE_PIPELINE_PASSWORD": "pipe#line?",
            "GAMEPULSE_DAGSTER_PASSWORD": "dag&ster=",
            "GAMEPULSE_READER_PASSWORD": "read er",
        }

    def compose(self, *arguments: str) -> str:
        return run(*self._compose, *arguments, **self._variables)

    def from_runbook(self, program: str) -> None:
        """Runs the command of docs/runbook.md that has `program` in it, in a shell, as its reader does."""
        [command] = [line for line in RUNBOOK.read_text().splitlines() if f" {program} " in line]
        ours = command.replace("docker compose", shlex.join(self._compose), 1)
        assert ours != command
        run("sh", "-c", ours.replace("gamepulse.dump", str(self.dump)), **self._variables)

    def container(self, service: str) -> str:
        """The id of its container."""
        return self.compose("ps", "-q", service).strip()

    def state(self, service: str) -> dict[str, Any]:
        """As `docker inspect` has it."""
        found: list[dict[str, Any]] = json.loads(run("docker", "inspect", self.container(service)))
        return {**found[0]["State"], "RestartCount": found[0]["RestartCount"]}

    def is_healthy(self, *services: str) -> bool:
        return all(self.state(service)["Health"]["Status"] == "healthy" for service in services)

    def kill(self, service: str) -> None:
        """kill -9 of its first process, as by a machine out of memory; after `docker kill` nobody restarts it."""
        pid, restarts = self.state(service)["Pid"], self.state(service)["RestartCount"]
        privileges = ("--pid", "host", "--user", "0", "--cap-add", "KILL", "--security-opt", "apparmor=unconfined")
        run("docker", "run", "--rm", *privileges, "--entrypoint", "sh", IMAGE, "-c", f"kill -9 {pid}")
        until(f"{service} is started again", lambda: self.state(service)["RestartCount"] > restarts, 60)

    def psql(self, role: str, statement: str) -> str:
        """The answer of a query, as a role of the database."""
        password = self._variables["POSTGRES_PASSWORD" if role == "gamepulse" else f"{role.upper()}_PASSWORD"]
        words = ("psql", "-h", "127.0.0.1", "-U", role, "-d", "gamepulse", "-At", "-c", statement)
        return self.compose("exec", "-T", "-e", f"PGPASSWORD={password}", "db", *words).strip()

    def graphql(self, query: str, **variables: object) -> Any:
        """The answer's data."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )

        def ask() -> Any:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)
            except OSError:
                return None

        # After the database was away the webserver still has a dead connection or two in its pool.
        found = until("the webserver answers", ask, 60)
        assert "errors" not in found, found["errors"]
        return found["data"]

    def logs(self) -> str:
        return self.compose("logs", "--no-color", "--tail", "60")


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """The image of this working tree. `GAMEPULSE_BUILD_OPTIONS` says what `docker build` needs on this machine."""
    options = shlex.split(os.environ.get("GAMEPULSE_BUILD_OPTIONS", ""))
    run("docker", "build", "-q", "-t", IMAGE, *options, ".")
    yield IMAGE
    run("docker", "image", "rm", "-f", IMAGE)


@pytest.fixture(scope="module")
def stack(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeStack]:
    """Up, as after `docker compose up`; gone afterwards with all that it made."""
    stack = ComposeStack(tmp_path_factory.mktemp("backup") / "gamepulse.dump")
    try:
        stack.compose("up", "-d", "--no-build")
        until("all services are healthy", lambda: stack.is_healthy(*SERVICES), 240)
        yield stack
    finally:
        sys.stdout.write(stack.logs())  # pytest shows it where a test failed
        stack.compose("down", "-v", "--remove-orphans", "-t", "5")
