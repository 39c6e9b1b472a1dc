"""Runs the stack of docker-compose.yml with simulated games."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from support.dagster_stack import free_port, until
from support.webserver import Webserver

PROJECT = Path(__file__).resolve().parents[2]
RUNBOOK = PROJECT / "docs/runbook.md"
IMAGE = f"gamepulse-compose-test-{os.getpid()}"  # several runs share one engine
REVISION = "0123456789abcdef0123456789abcdef01234567"
FILES = ("docker-compose.yml", "docker-compose.override.yml", "tests/compose/every-minute.yml")
SERVICES = ("db", "dagster-webserver", "dagster-daemon", "simulator")


def run(*command: str, given: str | None = None, **variables: str) -> str:
    """Runs a command with `given` as its input, and returns its output; fails with its errors."""
    finished = subprocess.run(
        command, cwd=PROJECT, env=os.environ | variables, input=given,
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, (
        f"{shlex.join(command)} exited with {finished.returncode}:\n{finished.stderr[-4000:]}"
    )
    return finished.stdout


class ComposeStack(Webserver):
    """A Compose project: its services, webserver and database."""

    def __init__(self, folder: Path) -> None:
        super().__init__(free_port(), "every_minute.py")
        self.dump = folder / "gamepulse.dump"
        self.project = f"gamepulse-test-{os.getpid()}"
        has_plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
        self._compose = (
            *(("docker", "compose") if has_plugin else ("docker-compose",)),
            *(word for file in FILES for word in ("-f", file)),
            *("--env-file", ".env.example", "-p", self.project, "--profile", "simulate"),
        )
        self.variables = {
            "GAMEPULSE_IMAGE": IMAGE,
            "GAMEPULSE_PORT": str(self.port),
            "NCAA_API_URL": "http://simulator:8765",
            "GAMEPULSE_SECRETS": str(folder / "secrets"),
        }
        self.secrets = {
            "postgres_password": "p@ss/w:rd%",  # characters that a URL must escape
            "gamepulse_pipeline_password": "pipe#line?",
            "gamepulse_dagster_password": "dag&ster=",
            "gamepulse_reader_password": "read er",
            "ncaa_api_key": "the-key-of-the-api",
            "alert_webhook_url": "",
            "healthcheck_url": "",
        }
        for name, value in self.secrets.items():
            (folder / "secrets").mkdir(mode=0o700, exist_ok=True)
            (folder / "secrets" / name).write_text(f"{value}\n")

    def command(self, *arguments: str) -> tuple[str, ...]:
        """Returns the command line of `docker compose` with these arguments."""
        return (*self._compose, *arguments)

    def compose(self, *arguments: str) -> str:
        """Runs `docker compose` with these arguments."""
        return run(*self._compose, *arguments, **self.variables)

    def from_runbook(self, program: str) -> None:
        """Runs the command of docs/runbook.md that calls `program`, in a shell."""
        [command] = [line for line in RUNBOOK.read_text().splitlines() if f"'{program} " in line]
        for_project = command.replace("docker compose", shlex.join(self._compose))
        assert for_project != command
        run("sh", "-c", for_project.replace("gamepulse.dump", str(self.dump)), **self.variables)

    def container(self, service: str) -> str:
        """Returns the id of a service's container."""
        return self.compose("ps", "-q", service).strip()

    def state(self, service: str) -> dict[str, Any]:
        """Returns the state of a service's container."""
        [container] = json.loads(run("docker", "inspect", self.container(service)))
        return {**container["State"], "RestartCount": container["RestartCount"]}

    def is_healthy(self, *services: str) -> bool:
        """Whether all these services pass their health checks."""
        return all(self.state(service)["Health"]["Status"] == "healthy" for service in services)

    def kill(self, service: str) -> None:
        """Kills a service's first process as the kernel does when out of memory; Docker restarts it.

        It does not restart a container after `docker kill`.
        """
        pid, restarts = self.state(service)["Pid"], self.state(service)["RestartCount"]
        privileges = ("--pid", "host", "--user", "0", "--cap-add", "KILL", "--security-opt", "apparmor=unconfined")
        run("docker", "run", "--rm", *privileges, "--entrypoint", "sh", IMAGE, "-c", f"kill -9 {pid}")
        until(f"{service} is restarted", lambda: self.state(service)["RestartCount"] > restarts, 60)

    def psql(self, role: str, statement: str) -> str:
        """Runs a statement as a role of the database and returns the output."""
        password = self.secrets["postgres_password" if role == "gamepulse" else f"{role}_password"]
        command = ("psql", "-h", "127.0.0.1", "-U", role, "-d", "gamepulse", "-At", "-c", statement)
        return self.compose("exec", "-T", "-e", f"PGPASSWORD={password}", "db", *command).strip()

    def graphql(self, query: str, **variables: object) -> Any:
        """Returns the data of a query's answer.

        After an outage of the database the webserver's pool still holds dead connections, each of which fails once.
        """

        def answer() -> Any:
            with suppress(OSError):
                return Webserver.graphql(self, query, **variables)
            return None

        return until("the webserver answers", answer, 60)

    def logs(self) -> str:
        """Returns the last lines of all services' logs."""
        return self.compose("logs", "--no-color", "--tail", "60")


def build(tag: str, *options: str) -> str:
    """Builds the image of this working tree, with the options in `GAMEPULSE_BUILD_OPTIONS` too; returns the tag."""
    of_ci = shlex.split(os.environ.get("GAMEPULSE_BUILD_OPTIONS", ""))
    run("docker", "build", "-q", "-t", tag, "--build-arg", f"REVISION={REVISION}", *options, *of_ci, ".")
    return tag


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """The image for Compose."""
    yield build(IMAGE)
    run("docker", "image", "rm", "-f", IMAGE)


@pytest.fixture(scope="module")
def stack(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeStack]:
    """The healthy stack; its containers, volumes and networks are removed afterwards."""
    stack = ComposeStack(tmp_path_factory.mktemp("stack"))
    try:
        stack.compose("up", "-d", "--no-build")
        until("all services are healthy", lambda: stack.is_healthy(*SERVICES), 240)
        yield stack
    finally:
        sys.stdout.write(stack.logs())  # shown for failed tests
        stack.compose("down", "-v", "--remove-orphans", "-t", "5")
