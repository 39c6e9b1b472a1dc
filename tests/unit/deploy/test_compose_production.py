"""deploy/compose.production.yml puts both webservers behind a login, and confines the guests' like the others."""

import re
from typing import Any

import pytest
import yaml

from pipelines.settings import PROJECT

COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
PRODUCTION = yaml.safe_load((PROJECT / "deploy/compose.production.yml").read_text())
SERVICES: dict[str, Any] = PRODUCTION["services"]
WEBSERVER, GUEST = "dagster-webserver", "dagster-webserver-guest"


def hosts(text: str) -> set[str]:
    """Returns the names below ${DOMAIN}."""
    return set(re.findall(r"[\w-]+(?=\.\$\{DOMAIN:\?)", text))


@pytest.mark.parametrize("service", SERVICES)
def test_a_webserver_is_reached_by_https_and_a_login_only(service: str) -> None:
    labels = SERVICES[service]["labels"]
    routers = {name.split(".")[3] for name in labels if name.startswith("traefik.http.routers.")}
    [name] = [router for router in routers if not router.endswith("-http")]
    router = f"traefik.http.routers.{name}"
    assert routers == {name, f"{name}-http"}
    assert labels[f"{router}.entrypoints"] == "websecure"
    login = labels[f"{router}.middlewares"]
    users = labels[f"traefik.http.middlewares.{login}.basicauth.users"]
    assert re.fullmatch(r"\$\{\w+:\?set it in \.env}", users)
    assert labels[f"{router}-http.entrypoints"] == "web"
    redirect = labels[f"{router}-http.middlewares"]
    assert SERVICES[WEBSERVER]["labels"][f"traefik.http.middlewares.{redirect}.redirectscheme.scheme"] == "https"

    assert hosts(labels[f"{router}.rule"]) == hosts(labels[f"{router}-http.rule"]) == {name}
    assert hosts(SERVICES[service]["environment"]["GAMEPULSE_ALLOWED_HOSTS"]) == {name}
    port = COMPOSE["services"][WEBSERVER]["command"][-3]
    assert labels[f"traefik.http.services.{labels[f'{router}.service']}.loadbalancer.server.port"] == port
    assert "ports" not in SERVICES[service] | COMPOSE["services"][WEBSERVER]
    assert SERVICES[service]["networks"] == ["default", "traefik"]
    assert PRODUCTION["networks"]["traefik"]["name"] == labels["traefik.docker.network"]


def test_guests_have_other_users_and_cannot_change_anything() -> None:
    users = {
        label: value for service in SERVICES.values() for label, value in service["labels"].items() if "users" in label
    }
    assert len(users) == len(set(users.values())) == 2
    command = COMPOSE["services"][WEBSERVER]["command"]
    assert SERVICES[GUEST]["command"] == [command[0], "--read-only", *command[1:]]


def test_the_guests_webserver_is_run_like_the_other_one() -> None:
    guest, other = SERVICES[GUEST], COMPOSE["services"][WEBSERVER]
    own = {"command", "environment", "secrets", "networks", "labels"}
    assert {key: value for key, value in guest.items() if key not in own} == {
        key: value for key, value in other.items() if key not in own | {"build"}
    }
    environment = guest["environment"]
    shared = environment.keys() & other["environment"].keys() - {"GAMEPULSE_ALLOWED_HOSTS"}
    assert shared == environment.keys() - {"GAMEPULSE_ALLOWED_HOSTS"}
    assert all(environment[name] == other["environment"][name] for name in shared)
    files = {value.rpartition("/")[2] for name, value in environment.items() if name.endswith("_FILE")}
    assert files == set(guest["secrets"]) < set(other["secrets"])
