"""The reference tables: true to themselves, and to the recordings where those are at hand."""

import csv
import json
import re
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from models.reference import canonical_conference, canonical_team, conferences, teams

SEASON = 2025
TABLES = ("conferences.csv", "conference_aliases.csv", "teams.csv", "team_aliases.csv")
ALIAS_TABLES = ("conference_aliases.csv", "team_aliases.csv")

# The standings of 2026-01-16 already have the name that the legacy feed never saw.
STANDINGS_NAMES = {"American": "american"}


class Side(NamedTuple):
    """One team of one recorded game."""

    feed: str
    slug: str
    short_name: str
    full_name: str
    abbreviation: str
    conference: str
    conference_name: str


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(files("models.reference").joinpath(name).read_text("utf-8").splitlines()))


@pytest.fixture(scope="module")
def shared() -> Path:
    """The recordings: beside the repository, never in it."""
    folder = Path(__file__).parents[3].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("recordings not compared: there is no folder shared/data beside the repository")
    return folder


@pytest.fixture(scope="module")
def sides(shared: Path) -> list[Side]:
    found = []
    for path in sorted(shared.glob("scoreboards/*/*.json")):
        for entry in json.loads(path.read_text("utf-8"))["games"]:
            for team in (entry["game"]["home"], entry["game"]["away"]):
                names = {key: value.strip() for key, value in team["names"].items()}
                for conference in team["conferences"]:
                    if conference["conferenceSeo"] == "top-25":
                        continue
                    found.append(
                        Side(
                            feed=path.parent.name,
                            slug=names["seo"],
                            short_name=names["short"],
                            full_name=names["full"],
                            abbreviation=names["char6"],
                            conference=conference["conferenceSeo"],
                            conference_name=conference["conferenceName"],
                        )
                    )
    return found


@pytest.fixture(scope="module")
def standings(shared: Path) -> dict[str, set[str]]:
    """Short names of the members by the conference's display name."""
    data: list[dict[str, Any]] = json.loads((shared / "standings-2026-01-16.json").read_text("utf-8"))["data"]
    return {group["conference"]: {row["School"] for row in group["standings"]} for group in data}


def members() -> dict[str, set[str]]:
    by_conference = defaultdict(set)
    for team in teams():
        by_conference[team.conference].add(team.short_name)
    return dict(by_conference)


@pytest.mark.parametrize(
    ("season", "number"),
    # As many as had a bid to the tournament of their own; until 2012 the Great West played without one.
    [(2010, 32), (2012, 32), (2013, 32), (2023, 32), (2024, 31), (2025, 31), (2026, 32)],
)
def test_as_many_conferences_play_in_a_season_as_really_did(season: int, number: int) -> None:
    active = {slug for slug, conference in conferences().items() if conference.is_active(season)}

    assert len(active - {"independent"}) == number


def test_independent_is_known_in_every_season_and_has_no_member_in_2025() -> None:
    assert all(conferences()["independent"].is_active(season) for season in range(2010, 2037))
    assert "independent" not in members()


def test_top_25_is_no_conference() -> None:
    assert "top-25" not in conferences()
    assert canonical_conference("top-25") == "top-25"


@pytest.mark.parametrize(
    ("slug", "active", "inactive"),
    [
        ("pac-12", {2010, 2023, 2026}, {2024, 2025}),
        ("american", {2013, 2025}, {2010, 2012}),
        ("big-east", {2010, 2012, 2013, 2025}, set()),
        ("great-west", {2010, 2012}, {2013, 2025}),
        ("wac", {2010, 2025}, {2026}),
        ("uac", {2026}, {2025}),
    ],
)
def test_a_conference_is_active_exactly_in_the_seasons_it_played(
    slug: str, active: set[int], inactive: set[int]
) -> None:
    assert {season for season in active | inactive if conferences()[slug].is_active(season)} == active


def test_there_are_365_teams_of_season_2025() -> None:
    assert len(teams()) == 365


@pytest.mark.parametrize("attribute", ["slug", "short_name", "full_name", "abbreviation"])
def test_no_two_teams_share(attribute: str) -> None:
    counts = Counter(getattr(team, attribute) for team in teams())

    assert [value for value, count in counts.items() if count > 1] == []


def test_each_teams_conference_exists_and_is_active() -> None:
    assert [team for team in teams() if not conferences()[team.conference].is_active(SEASON)] == []


def test_each_conference_active_in_2025_has_members() -> None:
    active = {slug for slug, conference in conferences().items() if conference.is_active(SEASON)}

    assert set(members()) == active - {"independent"}


def test_abbreviations_are_one_to_six_capitals() -> None:
    assert [team for team in teams() if not re.fullmatch(r"[A-Z][A-Z& ]{0,5}", team.abbreviation)] == []


def test_slugs_are_slugs() -> None:
    slugs = [*conferences(), *(team.slug for team in teams())]
    slugs += [row["alias"] for name in ALIAS_TABLES for row in table(name)]

    assert [slug for slug in slugs if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)] == []


def test_aliases_lead_to_known_slugs_and_neither_collide_nor_chain() -> None:
    known = (set(conferences()), {team.slug for team in teams()})
    for name, slugs in zip(ALIAS_TABLES, known, strict=True):
        rows = table(name)
        aliases = {row["alias"] for row in rows}
        assert len(aliases) == len(rows), name
        assert aliases & slugs == set(), name
        assert {row["slug"] for row in rows} <= slugs, name
        assert all(row["evidence"] for row in rows), name


@pytest.mark.parametrize(
    ("alias", "slug"),
    [
        ("the-american", "american"),
        ("mwc", "mountain-west"),
        ("american", "american"),
        ("skyline", "skyline"),
        ("", ""),
    ],
)
def test_a_conferences_alias_is_resolved_and_everything_else_stays(alias: str, slug: str) -> None:
    assert canonical_conference(alias) == slug


@pytest.mark.parametrize(
    ("alias", "slug"),
    [("fairleigh-dickinson", "fdu"), ("dixie-st", "utah-tech"), ("fdu", "fdu"), ("nobody", "nobody"), ("", "")],
)
def test_a_teams_alias_is_resolved_and_everything_else_stays(alias: str, slug: str) -> None:
    assert canonical_team(alias) == slug


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_sorted_trimmed_and_ends_its_lines_with_lf(name: str) -> None:
    content = files("models.reference").joinpath(name).read_bytes().decode("utf-8")
    keys = [next(iter(row.values())) for row in table(name)]

    assert keys == sorted(keys)
    assert content.endswith("\n")
    assert "\r" not in content
    assert [row for row in table(name) if any(value != value.strip() for value in row.values())] == []


def test_members_of_each_conference_are_those_of_the_standings(standings: dict[str, set[str]]) -> None:
    slugs = {conference.name: slug for slug, conference in conferences().items()} | STANDINGS_NAMES

    assert members() == {slugs[name]: schools for name, schools in standings.items()}


def test_every_conference_of_the_legacy_recordings_is_known_under_its_recorded_name(sides: list[Side]) -> None:
    recorded = {(side.conference, side.conference_name) for side in sides if side.feed == "legacy"}

    assert recorded
    for slug, name in recorded:
        assert conferences()[canonical_conference(slug)].name == name


def test_every_conference_of_a_known_team_in_the_current_recordings_is_that_teams(sides: list[Side]) -> None:
    by_slug = {team.slug: team for team in teams()}
    current = [side for side in sides if side.feed == "current" and side.slug in by_slug]

    assert len(current) > 250
    assert [s for s in current if canonical_conference(s.conference) != by_slug[s.slug].conference] == []


def test_every_team_of_a_division_i_conference_in_the_recordings_is_known(sides: list[Side]) -> None:
    known = {team.slug for team in teams()}
    division_i = set(conferences()) - {"independent"}
    recorded = {side.slug for side in sides if canonical_conference(side.conference) in division_i}

    assert len(recorded) > 300
    assert {slug for slug in recorded if canonical_team(slug) not in known} == set()


def test_teams_are_named_as_in_the_recordings(sides: list[Side]) -> None:
    by_slug = {team.slug: team for team in teams()}
    renamed = {row["alias"] for row in table("team_aliases.csv")}
    for side in sides:
        team = by_slug.get(canonical_team(side.slug))
        if team is None:
            continue
        assert side.short_name == team.short_name
        assert side.full_name in ("", team.full_name)
        # A renamed school got its new abbreviation with its new slug.
        assert side.abbreviation in ("", team.abbreviation) or side.slug in renamed
