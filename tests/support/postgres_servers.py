"""Chooses and starts the PostgreSQL server of a test run: `--pg=docker|embedded|url|auto`."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.url import libpq_url
from pipelines.settings import PROJECT, Settings

IMAGE = (
    os.environ.get("POSTGRES_IMAGE")
    or re.findall("POSTGRES_IMAGE:-([^}]+)}", (PROJECT / "docker-compose.yml").read_text())[0]
)
CHOICES = ("auto", "docker", "embedded", "url")
SETTINGS = {"timezone": "America/New_York", "max_connections": "200"}


class Choice(NamedTuple):
    """A kind of server and the reason for choosing it."""

    kind: str
    why: str


def choose(option: str) -> Choice:
    """Resolves the option `--pg` on this machine.

    Raises:
        pytest.UsageError: the server that was asked for is not available.
    """
    if option == "embedded":
        return Choice("embedded", "--pg=embedded")
    if option == "url":
        if not os.environ.get("TEST_DATABASE_URL"):
            raise pytest.UsageError("--pg=url: set TEST_DATABASE_URL, a role that may create databases and roles")
        return Choice("url", "TEST_DATABASE_URL")
    obstacle = _obstacle_to_docker()
    if option == "docker":
        if obstacle is not None:
            raise pytest.UsageError(f"--pg=docker: {obstacle}")
        return Choice("docker", f"{IMAGE}, --pg=docker")
    return Choice("docker", f"{IMAGE}, Docker answers") if obstacle is None else Choice("embedded", obstacle)


def _obstacle_to_docker() -> str | None:
    """Returns why no container of the image can be started, or None; pulls the image if it is absent."""
    if "DOCKER_HOST" not in os.environ and not Path("/var/run/docker.sock").exists():
        return "Docker is not installed"  # decided before the slow import of its client
    import docker
    from docker.errors import DockerException, ImageNotFound
    from testcontainers.core.config import testcontainers_config

    # Ryuk removes the container when the tests are killed.
    images = [IMAGE] if testcontainers_config.ryuk_disabled else [IMAGE, testcontainers_config.ryuk_image]
    try:
        client = docker.from_env(timeout=30)
        client.ping()
    except (DockerException, OSError) as error:
        return f"Docker does not answer ({error})"
    for image in images:
        try:
            client.images.get(image)
        except ImageNotFound:
            try:
                client.images.pull(image)
            except (DockerException, OSError) as error:
                return f"Docker answers, but {image} cannot be pulled ({getattr(error, 'explanation', None) or error})"
    return None


@contextmanager
def _docker(folder: Callable[[], Path]) -> Iterator[sa.URL]:
    from testcontainers.community.postgres import PostgresContainer

    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    with PostgresContainer(IMAGE, driver=None).with_command(f"postgres {options}") as container:
        yield libpq_url(container.get_connection_url())


@contextmanager
def _embedded(folder: Callable[[], Path]) -> Iterator[sa.URL]:
    server = EmbeddedPostgres(folder())
    try:
        yield libpq_url(server.ensure_running())
    finally:
        server.stop()


@contextmanager
def _url(folder: Callable[[], Path]) -> Iterator[sa.URL]:
    yield libpq_url(os.environ["TEST_DATABASE_URL"])


_SERVERS: dict[str, Any] = {"docker": _docker, "embedded": _embedded, "url": _url}


def serving(choice: Choice, folder: Callable[[], Path]) -> AbstractContextManager[sa.URL]:
    """Runs a server and yields its URL. `folder` creates the folder of the embedded server's files."""
    server: AbstractContextManager[sa.URL] = _SERVERS[choice.kind](folder)
    return server


def settings_for(url: sa.URL, **passwords: str) -> Settings:
    """Returns settings for a database, optionally with the passwords of its roles by name."""
    fields = {"database_url": url.render_as_string(hide_password=False)} | {
        f"{role}_password": password for role, password in passwords.items()
    }
    return Settings(**{name: SecretStr(value) for name, value in fields.items()})  # type: ignore[arg-type]
