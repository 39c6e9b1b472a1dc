"""Parses the API's details of one game, `/game/{id}`: its venue, and the points of each period. Pure."""

import datetime as dt
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple, Required

from pydantic import BeforeValidator, TypeAdapter, ValidationError
from pydantic_core import from_json
from typing_extensions import TypedDict

from models.reference import canonical_venue
from pipelines.errors import NotGameDetailsError
from pipelines.ncaa.payload import Points, Text
from pipelines.ncaa.raw import RawAnswer

NO_CONTEST: Final = "The API has no details of the game."
NO_LOCATION: Final = "The API's details of the game have no location."


class DetailsResponse(NamedTuple):
    """An unparsed answer: the body of a 200, and the moment at which the permit to send the request was granted."""

    contest_id: int
    body: bytes
    fetched_at: dt.datetime
    source_url: str
    is_simulated: bool = False
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def raw(self) -> RawAnswer:
        """The answer as the archive keeps it."""
        return RawAnswer(self.source_url, 200, self.headers, self.body, self.fetched_at, self.is_simulated)


class Venue(NamedTuple):
    """A place, spelled as `models/reference` spells it. City and state are None where the API has none."""

    name: str
    city: str | None
    state: str | None


class GameDetails(NamedTuple):
    """What the API says of a game beyond its scoreboard."""

    contest_id: int
    fetched_at: dt.datetime
    is_simulated: bool | None
    """None without an answer."""
    venue: Venue | None = None
    missing_reason: str | None = None
    """Why there is no venue, as a sentence."""
    home_points: tuple[int, ...] | None = None
    """Points of each half and overtime; None where the game is not final or a period cannot be read."""
    away_points: tuple[int, ...] | None = None


class _Location(TypedDict, total=False):
    venue: Text | None
    city: Text | None
    stateUsps: Text | None


class _Line(TypedDict, total=False):
    period: Required[Annotated[Text, BeforeValidator(lambda value: str(value) if type(value) is int else value)]]
    home: Required[Points]
    visit: Required[Points]


class _Contest(TypedDict, total=False):
    id: Required[int]
    gameState: Text | None
    location: _Location | None


class _Answer(TypedDict):
    contests: list[_Contest]


_validate: Final = TypeAdapter(_Answer).validate_python
_validate_lines: Final = TypeAdapter(list[_Line]).validate_python
_PERIOD: Final = re.compile(
    r"(?P<half>[12])(?:ST|ND)?(?: HALF)?|(?P<overtime>[1-9]?)OT|(?P<number>[3-9])", re.IGNORECASE
)
_TOTALS: Final = frozenset({"t", "tot", "total", "final"})


def parse_details(response: DetailsResponse) -> GameDetails:
    """Parses an answer. A game that the API does not know, or without a location, has no venue and a reason.

    Raises:
        NotGameDetailsError: not JSON, of another shape, or about another game.
    """
    request = f"GET {response.source_url}"
    try:
        payload = from_json(response.body)
        contests = _validate(payload)["contests"]
    except (ValidationError, ValueError, RecursionError):
        start = response.body[:60].decode("utf-8", "replace")
        raise NotGameDetailsError(
            f"{request} returned {len(response.body)} bytes that are no details of a game ({start!r}); expected JSON "
            "with a list of `contests`."
        ) from None
    known = GameDetails(response.contest_id, response.fetched_at, response.is_simulated)
    if not contests:
        return known._replace(missing_reason=NO_CONTEST)
    if len(contests) > 1 or contests[0]["id"] != response.contest_id:
        ids = ", ".join(str(contest["id"]) for contest in contests[:3])
        raise NotGameDetailsError(f"{request} returned contest {ids}; expected {response.contest_id} alone.")
    venue = _venue(contests[0].get("location") or {})
    points = _points(payload["contests"][0].get("linescores")) if contests[0].get("gameState") == "F" else None
    return known._replace(
        venue=venue,
        missing_reason=NO_LOCATION if venue is None else None,
        home_points=points and points[0],
        away_points=points and points[1],
    )


def _venue(location: _Location) -> Venue | None:
    name, city = location.get("venue"), location.get("city") or None
    if not name:
        return None
    state = (location.get("stateUsps") or "").upper() or None
    return Venue(canonical_venue(name, city, state), city, state)


def _points(lines: Any) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Returns the points of home and away by period; None unless each period from the first half on has both."""
    try:
        rows = _validate_lines(lines)
    except ValidationError:
        return None
    periods: dict[int, tuple[int, int]] = {}
    for row in rows:
        if row["period"].casefold() in _TOTALS:
            continue
        number, home, away = _period_number(row["period"]), row["home"], row["visit"]
        if number is None or number in periods or home is None or away is None:
            return None
        periods[number] = home, away
    if len(periods) < 2 or sorted(periods) != list(range(1, len(periods) + 1)):
        return None
    home_points, away_points = zip(*(periods[number] for number in sorted(periods)), strict=True)
    return home_points, away_points


def _period_number(text: str) -> int | None:
    """Returns 1 and 2 for the halves, 3 for the first overtime."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        return None
    if match["overtime"] is not None:
        return 2 + int(match["overtime"] or 1)
    return int(match["half"] or match["number"])
