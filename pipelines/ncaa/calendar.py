"""Parses the season's calendar (`/schedule-alt`): the number of games per date."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Annotated, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from pipelines.errors import NotACalendarError
from pipelines.ncaa.raw import RawAnswer


def _american_date(value: object) -> object:
    return dt.datetime.strptime(value, "%m/%d/%Y").date() if isinstance(value, str) else value  # noqa: DTZ007


class _GameDay(BaseModel):
    contestDate: Annotated[dt.date, BeforeValidator(_american_date)]
    count: Annotated[int, Field(ge=0)]


class _Schedules(BaseModel):
    games: list[_GameDay]


class _Data(BaseModel):
    schedules: _Schedules


class _Calendar(BaseModel):
    data: _Data


class Calendar(NamedTuple):
    """A season's number of games per US Eastern date, and the moment at which the request's permit was granted."""

    games: Mapping[dt.date, int]
    fetched_at: dt.datetime
    source_url: str
    raw: RawAnswer | None = None


def parse_calendar(body: bytes, source_url: str) -> Mapping[dt.date, int]:
    """Returns the number of games per US Eastern date; dates without games are omitted.

    Raises:
        NotACalendarError: not JSON, of another shape, or without a single game, which is how a broken API answers.
    """
    try:
        days = _Calendar.model_validate(json.loads(body)).data.schedules.games
    except (ValidationError, ValueError, RecursionError):
        raise NotACalendarError(
            f"GET {source_url} gave {len(body)} bytes ({body[:60]!r}); "
            "expected a season calendar: JSON with data.schedules.games."
        ) from None
    games = {day.contestDate: day.count for day in days if day.count > 0}
    if not games:
        raise NotACalendarError(f"GET {source_url} gave a calendar without games: the source has failed.")
    return games
