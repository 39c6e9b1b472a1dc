"""Schema of a raw game in both API formats. Field names are the API's.

Fields that identify a game must be valid. Fields that decorate it may be anything: an unreadable one is read as null.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, Required

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter, ValidationError
from typing_extensions import TypedDict

# No control characters, among them NUL, which PostgreSQL cannot store, and no texts of arbitrary length.
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=r"^[^\x00-\x1F\x7F]*$")]


def _none_if_empty(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a boolean is not a number")
    return None if value == "" else value


_or_none = BeforeValidator(_none_if_empty)
Points = Annotated[Annotated[int, Field(ge=0, le=300)] | None, _or_none]
Rank = Annotated[Annotated[int, Field(ge=1, le=25)] | None, _or_none]
Seed = Annotated[Annotated[int, Field(ge=1, le=32)] | None, _or_none]
Epoch = Annotated[Annotated[int, Field(ge=0, le=2**36)] | None, _or_none]


class ConferencePayload(TypedDict, total=False):
    conferenceName: Text | None
    conferenceSeo: Text | None


class NamesPayload(TypedDict, total=False):
    char6: Text | None
    short: Text | None
    seo: Text | None
    full: Text | None


class TeamPayload(TypedDict, total=False):
    names: Required[NamesPayload | None]
    score: Points
    seed: Seed
    rank: Rank
    conferences: list[ConferencePayload] | None


class RoundPayload(TypedDict, total=False):
    title: Text | None


class ChampionshipPayload(TypedDict, total=False):
    round: RoundPayload | None


class GamePayload(TypedDict, total=False):
    url: Required[Text]
    home: Required[TeamPayload]
    away: Required[TeamPayload]
    gameState: Required[Text]
    startDate: Text | None
    startTime: Text | None
    startTimeEpoch: Epoch
    currentPeriod: Text | None
    finalMessage: Text | None
    contestClock: Text | None
    bracketRound: Annotated[int, Field(strict=True)] | Text | None
    championshipId: Annotated[int | Text | None, _or_none]
    championshipGame: Annotated[ChampionshipPayload | None, _or_none]
    network: Text | None


# Bound once, because it is called for each game.
_validate: Final[Callable[[Any], GamePayload]] = TypeAdapter(GamePayload).validator.validate_python

_ORNAMENTS: Final = frozenset(
    {
        ("startTime",),
        ("startTimeEpoch",),
        ("currentPeriod",),
        ("finalMessage",),
        ("contestClock",),
        ("bracketRound",),
        ("championshipId",),
        ("championshipGame",),
        ("network",),
        *(
            (side, *path)
            for side in ("home", "away")
            for path in (("rank",), ("seed",), ("conferences",), ("names", "full"), ("names", "char6"))
        ),
    }
)
_LONGEST_PATH: Final = 3
_QUOTED_CHARACTERS: Final = 80


def read_game(raw: Any, unreadable: dict[str, str]) -> GamePayload:
    """Validates a raw game. Decorating fields that are invalid become null and are added to `unreadable`.

    Raises:
        ValidationError: a field that identifies the game is missing or invalid.
    """
    try:
        return _validate(raw)
    except ValidationError as error:
        paths = {
            _ornament_of(raw, details["loc"]) for details in error.errors(include_url=False, include_context=False)
        }
        if None in paths:
            raise
        repaired = dict(raw)
        for path in sorted(path for path in paths if path is not None):
            unreadable[".".join(path)] = _quoted(_replace_by_null(repaired, path))
        return _validate(repaired)


def _ornament_of(raw: Any, location: tuple[int | str, ...]) -> tuple[str, ...] | None:
    """Returns the path of the decorating field at or around a location; None if there is none."""
    for length in range(1, _LONGEST_PATH + 1):
        path = tuple(str(key) for key in location[:length])
        if path in _ORNAMENTS:
            return path
        match path:
            # The score of a final identifies its outcome.
            case ("home" | "away", "score") if str(raw.get("gameState")).strip().lower() != "final":
                return path
            # Without a slug the name identifies the team.
            case ("home" | "away" as side, "names", "short") if raw[side]["names"].get("seo"):
                return path
    return None


def _replace_by_null(game: dict[str, Any], path: tuple[str, ...]) -> Any:
    """Replaces a value by null, copying the objects on the way to it, and returns the value."""
    *parents, name = path
    for parent in parents:
        game[parent] = game = dict(game[parent])
    value, game[name] = game[name], None
    return value


def _quoted(value: Any) -> str:
    """Returns a value's beginning for people."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"  # its nesting may be too deep to be written
    return str(value)[:_QUOTED_CHARACTERS]
