"""Parsing of the standings."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.builders import at, day

from models.reference import conference_name, teams
from pipelines.errors import NotStandingsError, UpstreamFailedError
from pipelines.ncaa.standings import Standing, Standings, StandingsResponse, parse_standings

ROW = {
    "School": "Duke",
    "Conference W": "5",
    "Conference L": "0",
    "Conference PCT": "1.000",
    "Overall W": "16",
    "Overall L": "1",
    "Overall PCT": "0.941",
    "Overall STREAK": "Won 5",
}


def parse(body: bytes, fetched_at: str = "2026-01-16 09:10") -> Standings:
    return parse_standings(StandingsResponse(body, at(fetched_at), "http://api.test/standings", is_simulated=False))


def page(*rows: dict[str, Any], updated: str = "Jan 16, 2026 05:50 AM EDT", **fields: Any) -> bytes:
    data = [{"conference": "ACC", "standings": list(rows)}]
    return json.dumps(
        {"sport": "Men's Basketball", "updated": updated, "page": 1, "pages": 1, "data": data} | fields
    ).encode()


def test_a_row_is_read_and_the_page_counts_yesterdays_games() -> None:
    found = parse(page(ROW))
    assert found.rows == [Standing("Duke", "ACC", 16, 1, 5, 0, 5)]
    assert found.updated_at == at("2026-01-16 05:50"), "EDT is printed in January"
    assert (found.covers, found.open_date) == (day("2026-01-15"), None)


def test_every_school_of_the_recording_is_a_team_of_the_reference_in_its_conference(shared_data: Path) -> None:
    found = parse((shared_data / "standings-2026-01-16.json").read_bytes())
    known = {team.short_name: conference_name(team.conference, 2025) for team in teams(2025)}
    names = {"American": "The American"}
    assert {row.school: names.get(row.conference, row.conference) for row in found.rows} == known
    assert len(found.rows) == 365
    assert sum(row.wins for row in found.rows) == 3477
    assert sum(row.conference_wins - row.conference_losses for row in found.rows) == 0
    undefeated = {row.school: row.streak for row in found.rows if not row.losses}
    assert undefeated == {"Arizona": 17, "Nebraska": 17, "Miami (OH)": 18}


@pytest.mark.parametrize(
    ("updated", "covers", "open_date"),
    [
        ("Jan 16, 2026 04:00 AM EST", "2026-01-15", None),
        ("Jan 16, 2026 10:59 AM EDT", "2026-01-15", None),
        ("Jan 16, 2026 11:00 AM EDT", "2026-01-15", "2026-01-16"),
        ("Jan 15, 2026 11:30 PM EDT", "2026-01-14", "2026-01-15"),
        ("Jan 16, 2026 03:59 AM EDT", "2026-01-14", "2026-01-15"),
        ("Apr 08, 2025 05:50 AM EDT", "2025-04-07", None),
        ("Jan 19, 2026 05:50 AM EDT", "2026-01-15", "2026-01-16"),
    ],
)
def test_a_page_that_was_updated_while_games_were_played_counts_some_of_them(
    updated: str, covers: str, open_date: str | None
) -> None:
    found = parse(page(ROW, updated=updated))
    assert (found.covers, found.open_date) == (day(covers), open_date and day(open_date))


@pytest.mark.parametrize("streak", ["", "-", "Tied 1", None, 5, "Won five"])
def test_an_unreadable_streak_is_unknown(streak: object) -> None:
    assert parse(page({**ROW, "Overall STREAK": streak})).rows[0].streak is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"updated": "Jan 16, 2026 05:50 AM EDT"}',
        page(ROW)[:-20],
        page(ROW, updated="yesterday"),
        page(ROW, updated="Jan 16, 2026 05:50 AM PST"),
        page(ROW, updated="Jan 36, 2026 05:50 AM EDT"),
        page(ROW, pages=2),
        page({**ROW, "Overall W": "sixteen"}),
        page({**ROW, "Overall W": "-1"}),
        page({**ROW, "School": ""}),
        page({**ROW, "School": "Du\x00ke"}),
        page({name: ROW[name] for name in ROW if name != "Conference W"}),
        page(ROW, ROW),
    ],
)
def test_everything_else_is_refused(body: bytes) -> None:
    with pytest.raises(NotStandingsError, match=r"http://api\.test/standings"):
        parse(body)


@pytest.mark.parametrize("body", [page(), page(data=[])])
def test_a_page_without_teams_is_a_failure_of_the_source(body: bytes) -> None:
    with pytest.raises(UpstreamFailedError) as caught:
        parse(body)
    assert caught.value.retryable


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda values: (
            st.lists(values)
            | st.dictionaries(
                st.sampled_from(["updated", "data", "standings", "conference", "pages"]) | st.text(), values
            )
        ),
    )
)
def test_any_json_is_read_or_refused(value: object) -> None:
    with pytest.raises((NotStandingsError, UpstreamFailedError)):
        parse(json.dumps(value).encode())


def test_the_moment_of_the_page_is_aware() -> None:
    assert parse(page(ROW)).updated_at.utcoffset() == dt.timedelta(hours=-5)
