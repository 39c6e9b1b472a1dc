"""Settings from the environment."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.settings import Settings


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ("", set()),
        ("Dagster.Example.org", {"dagster.example.org"}),
        ("a.example, [::1],", {"a.example", "[::1]"}),
    ],
)
def test_allowed_hosts_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch, given: str, hosts: set[str]) -> None:
    monkeypatch.setenv("GAMEPULSE_ALLOWED_HOSTS", given)
    assert Settings(_env_file=None).gamepulse_allowed_hosts == hosts


@pytest.mark.parametrize(
    "given", ["https://dagster.example.org", "dagster.example.org:443", "a.example b.example", "*"]
)
def test_a_host_that_is_no_name_is_an_error(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("GAMEPULSE_ALLOWED_HOSTS", given)
    with pytest.raises(ValidationError, match="is not a host name"):
        Settings(_env_file=None)


def test_reports_of_real_and_of_simulated_games_are_different_files(tmp_path: Path) -> None:
    real, simulated = (
        Settings(_env_file=None, gamepulse_home=tmp_path, gamepulse_simulate=simulate).coverage_file
        for simulate in (False, True)
    )
    assert real.parent == simulated.parent == tmp_path
    assert real != simulated


def test_the_port_of_the_newest_simulated_api_is_remembered_unless_one_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GAMEPULSE_SIMULATOR_PORT", raising=False)

    def url(**given: int) -> str:
        return Settings(_env_file=None, gamepulse_home=tmp_path, gamepulse_simulate=True, **given).ncaa_api_url

    assert url() == "http://127.0.0.1:8765"
    (tmp_path / "simulator_port").write_text("9001")
    assert url() == "http://127.0.0.1:9001"
    assert url(gamepulse_simulator_port=9002) == "http://127.0.0.1:9002"


@pytest.mark.parametrize(
    ("given", "is_simulated"),
    [
        ({}, False),
        ({"gamepulse_simulate": True}, True),
        ({"ncaa_api_url": "http://simulator:8765"}, True),
        ({"ncaa_api_url": "https://simulator.example"}, False),
        ({"ncaa_api_url": "http://127.0.0.1:3001"}, False),
    ],
)
def test_the_simulators_of_up_and_of_compose_are_not_real(
    tmp_path: Path, given: dict[str, Any], is_simulated: bool
) -> None:
    assert Settings(_env_file=None, gamepulse_home=tmp_path, **given).is_simulated == is_simulated
