"""Parses the NCAA's standings (`/standings`): each team's record as of a morning. Pure."""

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Final, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from pipelines.errors import NotStandingsError, UpstreamFailedError
from pipelines.ncaa.payload import Text
from pipelines.ncaa.raw import RawAnswer
from pipelines.seasons import EASTERN, eastern_date

_STREAK: Final = re.compile(r"(Won|Lost) (\d{1,3})")
_GAMES_BEGIN: Final = dt.time(11)
_GAMES_END: Final = dt.timedelta(hours=4)
"""After midnight, US Eastern: games in Hawaii are over."""

Games = Annotated[int, Field(ge=0, le=99)]


def _streak(text: object) -> int | None:
    match = _STREAK.fullmatch(text.strip()) if isinstance(text, str) else None
    return None if match is None else int(match[2]) * (1 if match[1] == "Won" else -1)


class _Row(BaseModel):
    school: Annotated[Text, Field(alias="School", min_length=1)]
    wins: Games = Field(alias="Overall W")
    losses: Games = Field(alias="Overall L")
    conference_wins: Games = Field(alias="Conference W")
    conference_losses: Games = Field(alias="Conference L")
    streak: Annotated[int | None, BeforeValidator(_streak)] = Field(None, alias="Overall STREAK")


class _Conference(BaseModel):
    conference: Text
    standings: list[_Row]


class _Page(BaseModel):
    updated: str
    pages: Annotated[int, Field(le=1)] = 1
    data: list[_Conference]


class StandingsResponse(NamedTuple):
    """The body of an answer, and the moment at which the request's permit was granted."""

    body: bytes
    fetched_at: dt.datetime
    source_url: str
    is_simulated: bool
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def raw(self) -> RawAnswer:
        """The answer as the archive keeps it."""
        return RawAnswer(self.source_url, 200, self.headers, self.body, self.fetched_at, self.is_simulated)


class Standing(NamedTuple):
    """A team's record on the page."""

    school: str
    """Display name; the page has no slugs."""
    conference: str
    wins: int
    losses: int
    conference_wins: int
    conference_losses: int
    streak: int | None
    """Games won in a row; negative: lost. None where the page has none."""


class Standings(NamedTuple):
    """The page, and the games that it counts."""

    updated_at: dt.datetime
    """The page's own `updated`, US Eastern: it prints EDT in January."""
    covers: dt.date
    """Last US Eastern date of which the page counts all games."""
    open_date: dt.date | None
    """A date of which it may count some games, because the page was updated while they were played."""
    rows: Sequence[Standing]
    fetched_at: dt.datetime
    source_url: str
    is_simulated: bool


def parse_standings(response: StandingsResponse) -> Standings:
    """Returns the records of the page, in its order.

    Raises:
        NotStandingsError: not JSON, of another shape, only a part of the standings, or a school is listed twice.
        UpstreamFailedError: the page has no team, which is how the API answers when its source failed.
    """
    try:
        page = _Page.model_validate(json.loads(response.body))
        updated_at = _updated_at(page.updated)
    except (ValidationError, ValueError, RecursionError):
        raise NotStandingsError(
            f"GET {response.source_url} gave {len(response.body)} bytes ({response.body[:60]!r}); expected standings: "
            "JSON with updated and data[].standings of all schools on one page."
        ) from None
    rows = [
        Standing(conference=conference.conference, **row.model_dump())
        for conference in page.data
        for row in conference.standings
    ]
    if not rows:
        raise UpstreamFailedError(f"GET {response.source_url} gave standings without a team: the source has failed.")
    if twice := [school for school, count in Counter(row.school for row in rows).items() if count > 1]:
        raise NotStandingsError(f"GET {response.source_url} lists {', '.join(twice[:3])} more than once.")
    covers, open_date = _coverage(updated_at, eastern_date(response.fetched_at))
    return Standings(
        updated_at, covers, open_date, rows, response.fetched_at, response.source_url, response.is_simulated
    )


def _updated_at(text: str) -> dt.datetime:
    """Reads `Jan 16, 2026 05:50 AM EDT`; the zone is always Eastern, and its name is wrong in winter."""
    moment, _, zone = text.strip().rpartition(" ")
    if zone not in {"EDT", "EST", "ET"}:
        raise ValueError(f"{text!r} is not in US Eastern time")
    return dt.datetime.strptime(moment, "%b %d, %Y %I:%M %p").replace(tzinfo=EASTERN)


def _coverage(updated_at: dt.datetime, today: dt.date) -> tuple[dt.date, dt.date | None]:
    """Returns the last date counted completely, and the date that may be counted in part."""
    # Naive: a difference of wall times.
    wall = updated_at.replace(tzinfo=None)
    day = (wall - _GAMES_END).date()
    is_between_games = wall.date() == day and wall.time() < _GAMES_BEGIN
    if day > today:  # a page from the future counts what has been played
        return today - dt.timedelta(days=1), today
    return day - dt.timedelta(days=1), None if is_between_games else day
