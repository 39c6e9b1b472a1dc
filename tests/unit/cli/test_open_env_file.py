"""Every command warns of an `.env` file that other users of the machine can open."""

import sys
from pathlib import Path

import pytest

from pipelines.cli.app import main
from pipelines.settings import Settings


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings' `.env` file, which does not exist yet."""
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    monkeypatch.setattr(sys, "argv", ["gamepulse", "scores", "--help"])
    return tmp_path / ".env"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_file_that_others_can_open_is_named_with_the_remedy(
    env_file: Path, mode: int, capsys: pytest.CaptureFixture[str]
) -> None:
    env_file.touch()
    env_file.chmod(mode)
    with pytest.raises(SystemExit):
        main()
    expected = f"gamepulse: Other users can open {env_file} (mode 0{mode:o}): run `chmod 600 {env_file}`.\n"
    assert capsys.readouterr().err == expected


def test_without_a_file_or_with_a_closed_one_nothing_is_said(
    env_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        with pytest.raises(SystemExit):
            main()
        assert capsys.readouterr().err == ""
        env_file.touch(mode=0o600)
