"""What the API sends for a game, in both its formats; anything absurd in it is a validation error.

Everything is text, sometimes null: numbers too, with "" for none. Field names are the API's.
"""

from typing import Annotated, Any, Required

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter
from typing_extensions import TypedDict

# A control character (PostgreSQL's text has no NUL) or a name as long as a page is no name.
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=r"^[^\x00-\x1F\x7F]*$")]


def _none_if_empty(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("true and false are no numbers")
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
    bracketRound: Annotated[int, Field(strict=True, ge=1)] | Text | None
    network: Text | None


GAME_PAYLOAD: TypeAdapter[GamePayload] = TypeAdapter(GamePayload)
