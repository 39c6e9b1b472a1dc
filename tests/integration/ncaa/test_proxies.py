"""Proxies of the environment are used for other machines and not for this one."""

from pathlib import Path

import pytest
from support.api import Answer, Api
from support.client import BODY, PATH, fetch

from pipelines.cli import stack

VARIABLES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")
DEAD = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("proxy", [DEAD, "socks5://127.0.0.1:9"])
def test_an_api_on_this_machine_is_reached_without_a_proxy(
    api: Api, monkeypatch: pytest.MonkeyPatch, host: str, variable: str, proxy: str
) -> None:
    monkeypatch.setenv(variable, proxy)
    api.always(Answer(BODY))
    assert fetch(api.url.replace("127.0.0.1", host)).body == BODY


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
def test_an_api_on_another_machine_is_reached_by_the_proxy(
    api: Api, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, api.url)
    api.always(Answer(BODY))
    assert fetch("http://ncaa.example").body == BODY
    assert api.requests == [f"http://ncaa.example{PATH}"]


def test_the_webserver_of_this_machine_is_waited_for_without_a_proxy(
    api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("http_proxy", DEAD)
    monkeypatch.setattr(stack, "START_SECONDS", 1.0)
    api.always(Answer(b'{"data": {"workspaceOrError": {"locationEntries": []}}}'))
    stack._wait_for_webserver(api.url, {}, tmp_path / "up.log")
    assert api.requests == ["/graphql"]
