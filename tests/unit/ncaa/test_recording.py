"""Files of recorded answers."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.builders import at

from pipelines.errors import RecordingError
from pipelines.ncaa.recording import RecordedAnswer, read_recordings, write_recording
from simulator.recorded import answer_at

URL = "https://api.test/prefix/scoreboard/basketball-men/d1/2026/01/17"


def recorded(moment: str, body: bytes = b"{}") -> RecordedAnswer:
    return RecordedAnswer(
        sport="ncaam",
        endpoint="scoreboard",
        subject="2026-01-17",
        source_url=URL,
        status=200,
        headers={"content-type": "application/json"},
        outcome="loaded",
        reason=None,
        games_expected=3,
        is_simulated=False,
        answers=2,
        first_fetched_at=at(moment),
        last_fetched_at=at(moment),
        body=body,
    )


@given(body=st.binary())
def test_a_recording_gives_back_any_bytes(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    folder = tmp_path_factory.mktemp("recorded")
    write_recording(folder / "2026-01-17.json", [recorded("2026-01-17 20:00", body)])
    assert read_recordings(folder) == [recorded("2026-01-17 20:00", body)]


def test_people_can_read_a_body_in_the_file(tmp_path: Path) -> None:
    write_recording(tmp_path / "new" / "a.json", [recorded("2026-01-17 20:00", '{"network": "Peña"}'.encode())])
    [answer] = json.loads((tmp_path / "new" / "a.json").read_text())["answers"]
    assert answer["body"] == '{"network": "Peña"}'


def test_each_answer_is_current_from_its_moment_on(tmp_path: Path) -> None:
    late, early = recorded("2026-01-17 21:00"), recorded("2026-01-17 20:00")
    write_recording(tmp_path / "a.json", [late])
    write_recording(tmp_path / "b.json", [early])
    answers = read_recordings(tmp_path)
    path = "/scoreboard/basketball-men/d1/2026/01/17"
    times = ["2026-01-17 19:00", "2026-01-17 20:59", "2026-01-17 21:00", "2027-01-01 00:00"]
    assert [answer_at(answers, path, at(time)) for time in times] == [early, early, late, late]
    assert answer_at(answers, "/scoreboard/basketball-men/d1/2026/01/18", at(times[-1])) is None


@pytest.mark.parametrize("text", ["", "[]", '{"games": []}', '{"gamepulse_recording": 2, "answers": []}', "\0"])
def test_another_file_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(RecordingError, match=r"x\.json is no recording.*gamepulse record"):
        read_recordings(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="has no recorded answers"):
        read_recordings(tmp_path)
