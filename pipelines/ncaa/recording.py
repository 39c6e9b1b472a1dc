"""Recorded answers in a file, as the archive keeps them. `gamepulse simulate --recorded` serves them."""

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, ValidationError

from pipelines.errors import RecordingError

# Bodies are text in the file, so that people can read it. Bytes that are no UTF-8 become lone surrogates and come back.
_Body = Annotated[
    bytes,
    BeforeValidator(lambda body: body.encode("utf-8", "surrogateescape") if isinstance(body, str) else body),
]


class RecordedAnswer(BaseModel):
    """A run of equal answers to one question; fields are columns of the archive's `sighting`, and the body."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    sport: str
    endpoint: str
    subject: str
    source_url: str
    status: int
    headers: dict[str, str]
    outcome: str
    reason: str | None
    games_expected: int | None
    is_simulated: bool
    answers: int
    first_fetched_at: AwareDatetime
    last_fetched_at: AwareDatetime
    body: _Body


class _Recording(BaseModel):
    gamepulse_recording: Literal[1]
    """Version of the format."""
    answers: list[RecordedAnswer]


def write_recording(path: Path, answers: Sequence[RecordedAnswer]) -> None:
    """Writes answers to a file, which replaces one of that name."""
    rows = [answer.model_dump() for answer in answers]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"gamepulse_recording": 1, "answers": rows}, default=_to_text, indent=1) + "\n")


def read_recordings(folder: Path) -> list[RecordedAnswer]:
    """Returns the answers of all files of a folder, `*.json`, in the order of their moments.

    Raises:
        RecordingError: there is no file, or one is not a recording.
    """
    answers = [answer for path in sorted(folder.glob("*.json")) for answer in _read(path)]
    if not answers:
        raise RecordingError(f"{folder} has no recorded answers: `gamepulse record DATE --to {folder}` makes a file.")
    return sorted(answers, key=lambda answer: answer.first_fetched_at)


def _read(path: Path) -> list[RecordedAnswer]:
    try:
        return _Recording.model_validate(json.loads(path.read_bytes())).answers
    except (ValueError, ValidationError) as error:
        detail = str(error).splitlines()[0]
        raise RecordingError(
            f"{path} is no recording of this version ({detail}): `gamepulse record` makes one."
        ) from None


def _to_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    assert isinstance(value, dt.datetime)
    return value.isoformat()
