"""The options of `gamepulse up`."""

import datetime as dt
from pathlib import Path

import sqlalchemy as sa
from support.builders import at
from support.up import Up
from support.warehouse import Warehouse

from pipelines.cli.up import _on_this_evening


def test_options_of_the_simulated_api_need_it(tmp_path: Path) -> None:
    refused = Up(tmp_path).run("up", "--messy")
    assert refused.returncode == 2
    assert "add --simulate" in refused.stderr
    assert "no log: start with `gamepulse up`" in Up(tmp_path).run("logs").stderr


def test_the_simulated_clock_starts_in_the_evening_and_never_before_a_loaded_answer_about_today(
    warehouse: Warehouse, database_url: sa.URL
) -> None:
    def start(now: dt.datetime) -> list[str]:
        return _on_this_evening(database_url, now)

    assert start(at("2026-01-10 00:05")) == ["--now", "2026-01-10T20:30:00", "--midseason", "2026-01-10"]
    insert = """
        INSERT INTO archive.sighting (
            sport, endpoint, subject, sha256, outcome, status, headers, source_url, is_simulated, answers,
            first_fetched_at, last_fetched_at, last_updated_at, first_recorded_at, last_recorded_at
        )
        VALUES ('ncaam', 'scoreboard', $1, $2, 'loaded', 200, '{}', 'http://simulator', true, 1, $3, $3, $3, $3, $3)
    """
    warehouse.query("INSERT INTO archive.body (sha256, content) VALUES ($1, $1)", b"1")
    for date, moment in (("2026-01-10", "2026-01-10 23:10"), ("2026-01-09", "2026-01-11 01:00")):
        warehouse.query(insert, date, b"1", at(moment))
    assert start(at("2026-01-10 00:20"))[1] == "2026-01-10T23:10:00"
    assert start(at("2026-01-11 09:00"))[1] == "2026-01-11T20:30:00"
