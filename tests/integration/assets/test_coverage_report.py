"""`coverage_report` by its job: the page of each morning, and a folder that cannot be written."""

import re
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from support.builders import at, game, scoreboard
from support.warehouse import Warehouse

from pipelines.definitions import defs


@pytest.fixture
def home(database_url: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder, which does not exist yet."""
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    monkeypatch.setenv("GAMEPULSE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run() -> dg.ExecuteInProcessResult:
    """Runs what the schedule of each morning requests."""
    [schedule] = [schedule for schedule in defs.schedules or () if schedule.job_name == "ncaa_report"]
    assert schedule.cron_schedule == "40 9 * * *"
    with dg.instance_for_test() as instance:
        return defs.resolve_job_def("ncaa_report").execute_in_process(instance=instance, raise_on_error=False)


def test_the_report_of_the_morning_is_written_to_the_state_folder(warehouse: Warehouse, home: Path) -> None:
    fetched = at("2024-01-20 12:00")
    warehouse.load(scoreboard("2024-01-10", fetched, game(1, "duke", "army", "final 80-75")), games_expected=1)
    warehouse.load(scoreboard("2024-01-11", fetched, game(2, "duke", "army", "final 80-75")), games_expected=2)
    warehouse.query("UPDATE fact_game SET suspect_reason = 'Contradicted' WHERE game_id = 'ncaam_2'")
    result = run()
    assert result.success
    [event] = result.get_asset_materialization_events()
    metadata = event.step_materialization_data.materialization.metadata
    assert metadata["file"] == dg.MetadataValue.path(home / "coverage.html")
    page = (home / "coverage.html").read_text()
    assert '<tr id="season-2023">' in page
    _, _, *seasons = str(metadata["seasons"].value).splitlines()
    assert len(seasons) == page.count('<tr id="season-')
    [season] = [line for line in seasons if line.startswith("2023-24 | ")]
    assert season == "2023-24 | 2 of 3 | 2 of 2 | 0 |  | 2"
    others = re.findall(r"Open findings about none of these dates: (\d+)", page)
    shown = [line.rsplit(" | ", 1)[1] for line in seasons]
    assert metadata["findings_open"].value == sum(map(int, [*shown, *others]))

    (home / "coverage.html").write_text("old")
    assert run().success
    assert "season-2023" in (home / "coverage.html").read_text()


def test_a_folder_that_cannot_be_written_fails_the_run_at_once_and_names_the_setting(
    warehouse: Warehouse, home: Path
) -> None:
    home.write_text("a file")
    result = run()
    assert not result.success
    [failure] = result.get_step_failure_events()
    assert failure.step_failure_data.user_failure_data.description == (
        f"{home}/coverage.html cannot be written: File exists. Set GAMEPULSE_HOME to a folder that can be written."
    )
    assert not [event for event in result.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"]
    assert result.get_asset_materialization_events() == []
