"""What `gamepulse status` reads of a real Dagster instance."""

import datetime as dt

import dagster as dg
import pytest
import sqlalchemy as sa
from support.builders import at, day

from pipelines.partitions import game_dates
from pipelines.runtime.failures import failed_dates_metadata
from pipelines.runtime.history import read_orchestration
from pipelines.settings import PROJECT

NOW = at("2026-01-10 20:00")


@pytest.fixture
def dagster_of_the_test(database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))


def materialize(date: str, error: str | None = None) -> None:
    """A run of the date, which fails where there is an error."""

    @dg.asset(partitions_def=game_dates)
    def ncaa_games() -> None:
        if error is not None:
            raise dg.Failure(error, metadata=failed_dates_metadata({day(date): error}))

    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        dg.materialize([ncaa_games], instance=instance, partition_key=date, raise_on_error=False)


@pytest.mark.usefixtures("dagster_of_the_test")
def test_dates_whose_last_run_failed_are_failed_with_their_reason_until_one_succeeds() -> None:
    assert read_orchestration(NOW).failed == {}, "Dagster has never run"
    materialize("2026-01-05")
    assert read_orchestration(NOW).failed == {}, "nothing failed yet"
    materialize("2026-01-06", "The API returned no games.")
    assert read_orchestration(NOW).failed == {day("2026-01-06"): "The API returned no games."}
    materialize("2026-01-06")
    assert read_orchestration(NOW).failed == {}


@pytest.mark.usefixtures("dagster_of_the_test")
def test_without_a_daemon_nothing_is_asked_for() -> None:
    found = read_orchestration(dt.datetime.now(dt.UTC))
    assert (found.last_tick_at, found.idle) == (None, "no daemon has run yet")
