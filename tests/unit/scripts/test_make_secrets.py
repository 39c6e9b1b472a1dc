"""scripts/make_secrets.sh makes the secrets of Compose for one user of the machine, and never replaces one."""

import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[3]
SECRETS = set(yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["secrets"])
PASSWORDS = {name for name in SECRETS if name.endswith("_password")}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with what the script reads."""
    clone = tmp_path / "a clone"
    (clone / "scripts").mkdir(parents=True)
    shutil.copy(PROJECT / ".env.example", clone)
    shutil.copy(PROJECT / "scripts/make_secrets.sh", clone / "scripts")
    return clone


def make_secrets(clone: Path) -> dict[str, str]:
    """Runs the script under the usual umask and returns the secrets."""
    command = ["sh", "-c", "umask 022; sh scripts/make_secrets.sh"]
    subprocess.run(command, cwd=clone, check=True)
    return {path.name: path.read_text() for path in (clone / "secrets").iterdir()}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_this_user_can_reach_the_files(clone: Path) -> None:
    make_secrets(clone)
    assert mode(clone / ".env") == 0o600
    assert mode(clone / "secrets") == 0o700
    # Bind mounts keep the mode, and the containers' users are others.
    assert {mode(path) for path in (clone / "secrets").iterdir()} == {0o644}


def test_every_secret_of_compose_is_made_and_passwords_are_random(clone: Path) -> None:
    made = make_secrets(clone)
    assert set(made) == SECRETS
    assert len({made[name] for name in PASSWORDS}) == len(PASSWORDS) == 4
    assert all(re.fullmatch("[0-9a-f]{32}", made[name]) for name in PASSWORDS)
    assert {made[name] for name in SECRETS - PASSWORDS} == {""}


def test_nothing_is_replaced_and_an_open_env_file_is_closed(clone: Path) -> None:
    made = make_secrets(clone)
    (clone / ".env").write_text("DOMAIN=example.org\n")
    (clone / ".env").chmod(0o644)
    (clone / "secrets/ncaa_api_key").write_text("key")
    assert make_secrets(clone) == made | {"ncaa_api_key": "key"}
    assert (clone / ".env").read_text() == "DOMAIN=example.org\n"
    assert mode(clone / ".env") == 0o600


def test_values_that_env_still_has_are_taken_over(clone: Path) -> None:
    (clone / ".env").write_text("POSTGRES_PASSWORD=p@ss/w:rd%\nNCAA_API_KEY='k e\"y'\n#ALERT_WEBHOOK_URL=x\n")
    made = make_secrets(clone)
    assert (made["postgres_password"], made["ncaa_api_key"], made["alert_webhook_url"]) == ("p@ss/w:rd%", 'k e"y', "")


def test_git_and_the_image_ignore_the_secrets(clone: Path) -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", "secrets/postgres_password", ".env"], cwd=PROJECT, check=True, capture_output=True
    )
    assert len(ignored.stdout.split()) == 2
    assert (PROJECT / ".dockerignore").read_text().splitlines()[1] == "*"  # then exceptions
    assert "!secrets" not in (PROJECT / ".dockerignore").read_text()
