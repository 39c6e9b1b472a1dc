"""The PostgreSQL servers that a test run may use, and the choice of one: `--pg=docker|embedded|url|auto`."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from pipelines.postgres.embedded import EmbeddedPostgres
from pipelines.postgres.url import libpq_url
from pipelines.settings import Settings

IMAGE = "postgres:18-alpine"
CHOICES = ("auto", "docker", "embedded", "url")
SETTINGS = {"timezone": "America/New_York", "max_connections": "200"}


class Choice(NamedTuple):
    """A kind of server, and why it is that one."""

    kind: str
    why: str


def choose(asked: str) -> Choice:
    """What `--pg` comes to on this machine.

    Raises:
        pytest.UsageError: what was asked for is not there; falling back would be a suite that nobody asked for.
    """
    if asked == "embedded":
        return Choice("embedded", "asked for")
    if asked == "url":
        if not os.environ.get("TEST_DATABASE_URL"):
            raise pytest.UsageError("--pg=url: set TEST_DATABASE_URL, of a role that may create databases and roles")
        return Choice("url", "TEST_DATABASE_URL")
    obstacle = _obstacle_to_docker()
    if asked == "docker":
        if obstacle is not None:
            raise pytest.UsageError(f"--pg=docker: {obstacle}")
        return Choice("docker", f"{IMAGE}, asked for")
    return Choice("docker", f"{IMAGE}, Docker answers") if obstacle is None else Choice("embedded", obstacle)


def _obstacle_to_docker() -> str | None:
    """Why no container of the image can be had, if so; pulls it where it is not there yet."""
    if "DOCKER_HOST" not in os.environ and not Path("/var/run/docker.sock").exists():
        return "there is no Docker here"  # without importing a client, so that it costs nothing
    import docker
    from docker.errors import DockerException, ImageNotFound
    from testcontainers.core.config import testcontainers_config

    # Ryuk is what removes the container when the tests are killed.
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
                return f"Docker answers, but {image} cannot be had ({getattr(error, 'explanation', None) or error})"
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
    """The server's URL, for as long as the block runs; `folder` makes one for the embedded server's files."""
    server: AbstractContextManager[sa.URL] = _SERVERS[choice.kind](folder)
    return server


def settings_for(url: sa.URL, **passwords: str) -> Settings:
    """Settings of a database, and optionally the passwords of its roles by name."""
    fields = {"database_url": url.render_as_string(hide_password=False)} | {
        f"{role}_password": password for role, password in passwords.items()
    }
    return Settings(**{name: SecretStr(value) for name, value in fields.items()})  # type: ignore[arg-type]
