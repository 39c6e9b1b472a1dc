"""Reference data that no API gives: conferences and teams by season, and older spellings of their slugs.

The CSV files in this folder are read once per process. Slugs are the NCAA's, as its feed of 2025-26 spells them. The
spelling of conferences changed about every second year, and the legacy feed keeps a date as it was written, so other
spellings are aliases. The column `evidence` says where a fact was seen; "one source" marks those without a second.

A season is the calendar year in which it starts. Rows are valid from `first_season` to `last_season`, both inclusive.
An empty first season means 2010 or earlier for a conference; for a team, that only its season 2025 is known.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

__all__ = [
    "Team",
    "canonical_conference",
    "canonical_team",
    "canonical_venue",
    "conference_name",
    "conferences",
    "team_aliases",
    "teams",
]


@dataclass(frozen=True, slots=True)
class Team:
    """A men's Division I team with its names and conference in one season."""

    slug: str
    short_name: str
    full_name: str
    abbreviation: str
    """Six letters at most (the API's `char6`)."""
    conference: str


@cache
def conferences() -> frozenset[str]:
    """Canonical slugs of the men's Division I conferences since 2010-11, and `independent` for teams without one."""
    return frozenset(_conference_names())


def conference_name(slug: str, season: int) -> str | None:
    """Returns the name of a conference in a season; None if the canonical slug is unknown.

    In a season that it did not play, a conference has its last name, or its first if it had not played yet.
    """
    name = None
    for first_season, first_name in _conference_names().get(slug, ()):
        if name is None or first_season <= season:
            name = first_name
    return name


def canonical_conference(slug: str) -> str:
    """Returns the canonical slug of a conference; an unknown slug as it is."""
    return _conference_aliases().get(slug, slug)


def canonical_team(slug: str) -> str:
    """Returns the slug of a team as the feed spells it today; an unknown slug as it is."""
    return team_aliases().get(slug, slug)


def canonical_venue(name: str, city: str | None, state: str | None) -> str:
    """Returns the name of a venue that this spelling stands for; an unknown spelling as it is."""
    return _venue_aliases().get((name.casefold(), city, state), name)


@cache
def teams(season: int) -> tuple[Team, ...]:
    """Returns the Division I teams of a season, by slug.

    Complete from season 2025 on. Earlier seasons have the teams of 2025, in their conferences of 2025, and few others.
    """
    return tuple(
        Team(
            slug=row["slug"],
            short_name=row["short_name"],
            full_name=row["full_name"],
            abbreviation=row["abbreviation"],
            conference=row["conference"],
        )
        for row in _rows("teams.csv")
        if int(row["first_season"] or season) <= season <= int(row["last_season"] or season)
    )


@cache
def team_aliases() -> Mapping[str, str]:
    """Canonical slugs of teams by their other spellings."""
    return MappingProxyType(_aliases("team_aliases.csv"))


@cache
def _conference_names() -> dict[str, list[tuple[int, str]]]:
    """Names of each conference with the first season of each, in order."""
    names: dict[str, list[tuple[int, str]]] = {}
    for row in _rows("conferences.csv"):
        names.setdefault(row["slug"], []).append((int(row["first_season"] or 0), row["name"]))
    return names


@cache
def _conference_aliases() -> dict[str, str]:
    return _aliases("conference_aliases.csv")


@cache
def _venue_aliases() -> dict[tuple[str, str | None, str | None], str]:
    return {(row["alias"].casefold(), row["city"], row["state"]): row["name"] for row in _rows("venue_aliases.csv")}


def _aliases(name: str) -> dict[str, str]:
    return {row["alias"]: row["slug"] for row in _rows(name)}


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(files(__name__).joinpath(name).read_text(encoding="utf-8").splitlines())
