"""Warnings about a database that works: its time zone, and the space left."""

import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from support.postgres_servers import settings_for
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.postgres import advice
from pipelines.postgres.advice import warnings
from pipelines.postgres.database import connect
from pipelines.settings import Settings


def set_zone(url: sa.URL, zone: str) -> None:
    with connect(url) as connection:
        connection.execute(sa.text(f"ALTER DATABASE {url.database} SET timezone = '{zone}'"))
        connection.commit()


@pytest.mark.parametrize("zone", ["America/New_York", "US/Eastern", "EST5EDT"])
def test_an_eastern_database_is_not_warned_of(database_url: sa.URL, zone: str) -> None:
    set_zone(database_url, zone)
    assert warnings(database_url, settings_for(database_url)) == []


@pytest.mark.parametrize("zone", ["UTC", "America/Chicago", "America/Panama"])
def test_migrate_and_status_warn_of_another_time_zone_until_the_statement_is_run(
    database_url: sa.URL, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_zone(database_url, zone)
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    [sentence] = warnings(database_url, settings_for(database_url))
    assert f"is {zone}: CURRENT_DATE differs from the US Eastern date" in sentence
    for command in ("migrate", "status"):
        assert f"is {zone}: CURRENT_DATE" in " ".join(
            CliRunner().invoke(app, [command], env={"COLUMNS": "500"}).output.split()
        )
    statement = sentence.partition("run: ")[2]
    with connect(database_url) as connection:
        connection.execute(sa.text(statement))
        connection.commit()
    assert warnings(database_url, settings_for(database_url)) == []


def test_a_disk_that_is_nearly_full_is_warned_of(
    database_url: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "postgres").mkdir()
    settings = Settings(database_url=None, gamepulse_home=tmp_path)
    assert settings.embedded_home.exists()
    assert warnings(database_url, settings) == []
    disk = os.statvfs(tmp_path)
    monkeypatch.setattr(advice, "FULL_BYTES", disk.f_bavail * disk.f_frsize * 2)
    [sentence] = warnings(database_url, settings)
    assert "MB left: free some space" in sentence
    assert warnings(database_url, settings.model_copy(update={"database_url": SecretStr("x")})) == []
    monkeypatch.setattr(advice, "FULL_FILES", disk.f_favail * 2)
    [sentence] = warnings(database_url, settings)
    assert "files left" in sentence
