"""Facts that no API gives: the conferences and their lives, the schools of Division I, other spellings of slugs.

Plain CSV files in this folder, read once a process. Slugs are the NCAA's, as its feed of 2025-26 spells them; older
spellings are aliases, each with what it was seen in. The NCAA respelled its conferences about every second year, and
its legacy feed keeps a day as it was written. `great-west` and `uac` were seen in no feed: they follow its custom.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

__all__ = ["Conference", "Team", "canonical_conference", "canonical_team", "conferences", "teams"]


@dataclass(frozen=True, slots=True)
class Conference:
    """A Division I conference in men's basketball since 2010-11, or `independent`, which stands for none.

    Seasons are the calendar years in which they start, all inclusive.
    """

    slug: str
    name: str
    first_season: int | None
    """None: before 2010."""
    last_season: int | None
    """None: still playing."""
    gap: tuple[int, int] | None
    """First and last season without play in between (the Pac-12's two)."""

    def is_active(self, season: int) -> bool:
        """Whether it played in the season."""
        return (
            (self.first_season is None or self.first_season <= season)
            and (self.last_season is None or season <= self.last_season)
            and not (self.gap is not None and self.gap[0] <= season <= self.gap[1])
        )


@dataclass(frozen=True, slots=True)
class Team:
    """A men's team of Division I in season 2025, with the conference it played in that season."""

    slug: str
    short_name: str
    full_name: str
    abbreviation: str
    """Six letters at most, the API's `char6`."""
    conference: str


@cache
def conferences() -> Mapping[str, Conference]:
    """Conferences by canonical slug."""
    return MappingProxyType(
        {
            row["slug"]: Conference(
                slug=row["slug"],
                name=row["name"],
                first_season=_season(row["first_season"]),
                last_season=_season(row["last_season"]),
                gap=_gap(row["gap"]),
            )
            for row in _rows("conferences.csv")
        }
    )


def canonical_conference(slug: str) -> str:
    """The slug under which a conference is known here; an unknown slug as it is."""
    return _conference_aliases().get(slug, slug)


def canonical_team(slug: str) -> str:
    """The slug of a team as the feed spells it today; an unknown slug as it is."""
    return _team_aliases().get(slug, slug)


@cache
def teams() -> tuple[Team, ...]:
    """The Division I teams of season 2025, by slug."""
    return tuple(
        Team(
            slug=row["slug"],
            short_name=row["short_name"],
            full_name=row["full_name"],
            abbreviation=row["abbreviation"],
            conference=row["conference"],
        )
        for row in _rows("teams.csv")
    )


@cache
def _conference_aliases() -> dict[str, str]:
    return _aliases("conference_aliases.csv")


@cache
def _team_aliases() -> dict[str, str]:
    return _aliases("team_aliases.csv")


def _aliases(name: str) -> dict[str, str]:
    return {row["alias"]: row["slug"] for row in _rows(name)}


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(files(__name__).joinpath(name).read_text(encoding="utf-8").splitlines())


def _season(text: str) -> int | None:
    return int(text) if text else None


def _gap(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    first, last = text.split("-")
    return int(first), int(last)
