"""Settings from the environment."""

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
