"""The reference tables agree with themselves and with the recordings in ../shared/data."""

import csv
import json
import re
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from models.reference import canonical_conference, canonical_team, conference_name, conferences, team_aliases, teams

SEASON = 2025
SEASONS = (2025, 2026, 2030)
TABLES = ("conferences.csv", "conference_aliases.csv", "teams.csv", "team_aliases.csv")
ALIAS_TABLES = ("conference_aliases.csv", "team_aliases.csv")
STANDINGS_NAMES = {"American": "american"}
"""Display names in the standings of 2026-01-16 that the legacy feed does not have."""


class Side(NamedTuple):
    """One team of one recorded game."""

    feed: str
    date: str
    slug: str
    short_name: str
    full_name: str
    abbreviation: str
    conference: str
    conference_name: str


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(files("models.reference").joinpath(name).read_text("utf-8").splitlines()))


def playing(season: int) -> set[str]:
    """Returns the conferences that played in a season."""
    return {
        row["slug"]
        for row in table("conferences.csv")
        if int(row["first_season"] or season) <= season <= int(row["last_season"] or season)
    }


def members(season: int) -> dict[str, set[str]]:
    """Returns the short names of each conference's teams."""
    by_conference = defaultdict(set)
    for team in teams(season):
        by_conference[team.conference].add(team.short_name)
    return dict(by_conference)


@pytest.fixture(scope="module")
def sides(shared_data: Path) -> list[Side]:
    """Both teams of every recorded game, once per conference."""
    found = []
    for path in sorted(shared_data.glob("scoreboards/*/*.json")):
        for entry in json.loads(path.read_text("utf-8"))["games"]:
            for team in (entry["game"]["home"], entry["game"]["away"]):
                names = {key: value.strip() for key, value in team["names"].items()}
                for conference in team["conferences"]:
                    if conference["conferenceSeo"] == "top-25":
                        continue
                    found.append(
                        Side(
                            feed=path.parent.name,
                            date=path.stem,
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
def standings(shared_data: Path) -> dict[str, set[str]]:
    """Short names of the members by the conference's display name."""
    data: list[dict[str, Any]] = json.loads((shared_data / "standings-2026-01-16.json").read_text("utf-8"))["data"]
    return {group["conference"]: {row["School"] for row in group["standings"]} for group in data}


@pytest.mark.parametrize(
    ("season", "number"),
    # As many as had automatic bids to the NCAA tournament; the Great West, until 2012, had none.
    [(2010, 32), (2012, 32), (2013, 32), (2023, 32), (2024, 31), (2025, 31), (2026, 32)],
)
def test_number_of_conferences_per_season(season: int, number: int) -> None:
    assert len(playing(season) - {"independent"}) == number


def test_independent_is_known_in_every_season_and_has_no_member_since_2025() -> None:
    assert all("independent" in playing(season) for season in range(2010, 2037))
    assert all("independent" not in members(season) for season in SEASONS)


def test_top_25_is_not_a_conference() -> None:
    assert "top-25" not in conferences()
    assert canonical_conference("top-25") == "top-25"


@pytest.mark.parametrize(
    ("slug", "played", "did_not_play"),
    [
        ("pac-12", {2010, 2023, 2026}, {2024, 2025}),
        ("american", {2013, 2025}, {2010, 2012}),
        ("big-east", {2010, 2012, 2013, 2025}, set()),
        ("great-west", {2010, 2012}, {2013, 2025}),
        ("wac", {2010, 2025, 2026}, set()),
    ],
)
def test_a_conference_plays_in_its_seasons(slug: str, played: set[int], did_not_play: set[int]) -> None:
    assert {season for season in played | did_not_play if slug in playing(season)} == played


@pytest.mark.parametrize(
    ("spellings", "season", "name"),
    [
        (("maac", "metro-atlantic", "metro", "the-metro", "metro-conference"), 2025, "MAAC"),
        (("maac", "metro-atlantic", "metro", "the-metro", "metro-conference"), 2026, "The Metro"),
        (("wac", "western-athletic", "uac", "united-athletic", "united-athletic-conference"), 2025, "WAC"),
        (("wac", "western-athletic", "uac", "united-athletic", "united-athletic-conference"), 2026, "United Athletic"),
        (("maac",), 2010, "MAAC"),
        (("maac",), 2036, "The Metro"),
        (("pac-12",), 2024, "Pac-12"),
        (("american",), 2010, "The American"),
        (("great-west",), 2025, "Great West"),
        (("skyline",), 2025, None),
    ],
)
def test_a_conference_has_the_name_of_the_season_under_each_spelling(
    spellings: tuple[str, ...], season: int, name: str | None
) -> None:
    assert {conference_name(canonical_conference(slug), season) for slug in spellings} == {name}


def test_spans_of_a_conference_or_team_do_not_overlap() -> None:
    for name in ("conferences.csv", "teams.csv"):
        spans = defaultdict(list)
        for row in table(name):
            spans[row["slug"]].append((int(row["first_season"] or 0), int(row["last_season"] or 9999)))
        for slug, seasons in spans.items():
            flat = [season for span in seasons for season in span]
            assert flat == sorted(flat), slug
            assert len(set(flat)) == len(flat) or all(first == last for first, last in seasons), slug


@pytest.mark.parametrize("season", SEASONS)
def test_there_are_365_teams(season: int) -> None:
    assert len(teams(season)) == 365


@pytest.mark.parametrize("season", SEASONS)
@pytest.mark.parametrize("attribute", ["slug", "short_name", "full_name", "abbreviation"])
def test_no_two_teams_of_a_season_share(attribute: str, season: int) -> None:
    counts = Counter(getattr(team, attribute) for team in teams(season))

    assert [value for value, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("season", SEASONS)
def test_the_conferences_of_a_season_and_only_they_have_members(season: int) -> None:
    assert set(members(season)) == playing(season) - {"independent"}


def test_27_schools_changed_conference_in_2026() -> None:
    before = {team.slug: team.conference for team in teams(2025)}
    after = {team.slug: team.conference for team in teams(2026)}

    moves = defaultdict(set)
    for slug in before.keys() & after.keys():
        if before[slug] != after[slug]:
            moves[before[slug], after[slug]].add(slug)
    assert moves == {
        ("mountain-west", "pac-12"): {"boise-st", "colorado-st", "fresno-st", "san-diego-st", "utah-st"},
        ("wcc", "pac-12"): {"gonzaga", "oregon-st", "washington-st"},
        ("sun-belt", "pac-12"): {"texas-st"},
        ("big-west", "mountain-west"): {"hawaii", "uc-davis"},
        ("cusa", "mountain-west"): {"utep"},
        ("cusa", "sun-belt"): {"louisiana-tech"},
        ("summit-league", "wcc"): {"denver"},
        ("asun", "wac"): {"austin-peay", "central-ark", "eastern-ky", "north-ala", "west-ga"},
        ("ovc", "wac"): {"ualr"},
        ("ovc", "socon"): {"tennessee-tech"},
        ("wac", "big-sky"): {"southern-utah", "utah-tech"},
        ("wac", "big-west"): {"california-baptist", "utah-valley"},
        ("big-sky", "big-west"): {"sacramento-st"},
        ("mac", "horizon"): {"northern-ill"},
    }
    assert sum(map(len, moves.values())) == 27
    assert before.keys() - after.keys() == {"st-francis-pa"}
    assert after.keys() - before.keys() == {"west-florida"}


@pytest.mark.parametrize("name", TABLES)
def test_each_fact_has_its_evidence(name: str) -> None:
    assert [row for row in table(name) if not row["evidence"]] == []


def test_abbreviations_are_one_to_six_capitals() -> None:
    found = {team.abbreviation for season in SEASONS for team in teams(season)}
    assert [text for text in found if not re.fullmatch(r"[A-Z][A-Z& ]{0,5}", text)] == []


def test_slugs_are_slugs() -> None:
    slugs = [row["slug"] for name in ("conferences.csv", "teams.csv") for row in table(name)]
    slugs += [row["alias"] for name in ALIAS_TABLES for row in table(name)]

    assert [slug for slug in slugs if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)] == []


def test_aliases_lead_to_known_slugs_and_neither_collide_nor_chain() -> None:
    known = (set(conferences()), {row["slug"] for row in table("teams.csv")})
    for name, slugs in zip(ALIAS_TABLES, known, strict=True):
        rows = table(name)
        aliases = {row["alias"] for row in rows}
        assert len(aliases) == len(rows), name
        assert aliases & slugs == set(), name
        assert {row["slug"] for row in rows} <= slugs, name


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
def test_an_alias_of_a_conference_is_resolved_and_any_other_slug_stays(alias: str, slug: str) -> None:
    assert canonical_conference(alias) == slug


@pytest.mark.parametrize(
    ("alias", "slug"),
    [
        ("fairleigh-dickinson", "fdu"),
        ("dixie-st", "utah-tech"),
        ("saint-peters", "st-peters"),
        ("saint-francis-pa", "st-francis-pa"),
        ("liu-brooklyn", "long-island"),
        ("st-francis-brooklyn", "st-francis-ny"),
        ("purdue-fort-wayne", "ipfw"),
        ("fdu", "fdu"),
        ("nobody", "nobody"),
        ("", ""),
    ],
)
def test_an_alias_of_a_team_is_resolved_and_any_other_slug_stays(alias: str, slug: str) -> None:
    assert canonical_team(alias) == slug


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_sorted_trimmed_and_ends_its_lines_with_lf(name: str) -> None:
    content = files("models.reference").joinpath(name).read_bytes().decode("utf-8")
    keys = [tuple(row.values())[:2] for row in table(name)]

    assert keys == sorted(keys)
    assert content.endswith("\n")
    assert "\r" not in content
    assert [row for row in table(name) if any(value != value.strip() for value in row.values())] == []


def test_members_of_each_conference_are_those_of_the_standings(standings: dict[str, set[str]]) -> None:
    slugs = {conference_name(slug, SEASON): slug for slug in conferences()} | STANDINGS_NAMES

    assert members(SEASON) == {slugs[name]: schools for name, schools in standings.items()}


def test_the_recordings_that_are_the_evidence_of_a_name_have_it(
    sides: list[Side], standings: dict[str, set[str]]
) -> None:
    seen = {(side.date, canonical_team(side.slug), side.short_name) for side in sides}
    seen |= {(side.date, canonical_conference(side.conference), side.conference_name) for side in sides}
    listed = set(standings).union(*standings.values())
    for row in (*table("teams.csv"), *table("conferences.csv")):
        name, evidence = row.get("short_name") or row["name"], row["evidence"]
        dates = re.findall(r"\bscoreboard of (2025-\d\d-\d\d)", evidence)
        assert {(date, row["slug"], name) for date in dates} <= seen
        assert name in listed or "standings of 2026-01-16" not in evidence


def test_every_conference_of_the_legacy_recordings_is_known_under_its_recorded_name(sides: list[Side]) -> None:
    recorded = {(side.conference, side.conference_name) for side in sides if side.feed == "legacy"}

    assert recorded
    for slug, name in recorded:
        assert conference_name(canonical_conference(slug), 2024) == name


def test_every_conference_of_a_known_team_in_the_current_recordings_is_that_teams(sides: list[Side]) -> None:
    by_slug = {team.slug: team for team in teams(SEASON)}
    current = [side for side in sides if side.feed == "current" and side.slug in by_slug]

    assert len(current) > 250
    assert [s for s in current if canonical_conference(s.conference) != by_slug[s.slug].conference] == []


def test_every_team_of_a_division_i_conference_in_the_recordings_is_known(sides: list[Side]) -> None:
    known = {team.slug for team in teams(SEASON)}
    division_i = conferences() - {"independent"}
    recorded = {side.slug for side in sides if canonical_conference(side.conference) in division_i}

    assert len(recorded) > 300
    assert {slug for slug in recorded if canonical_team(slug) not in known} == set()


def test_teams_are_named_as_in_the_recordings(sides: list[Side]) -> None:
    by_slug = {team.slug: team for team in teams(SEASON)}
    for side in sides:
        team = by_slug.get(canonical_team(side.slug))
        if team is None:
            continue
        assert side.short_name == team.short_name
        assert side.full_name in ("", team.full_name)
        # A renamed school got its new abbreviation with its new slug.
        assert side.abbreviation in ("", team.abbreviation) or side.slug in team_aliases()
