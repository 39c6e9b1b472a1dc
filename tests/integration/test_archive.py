"""What the archive keeps of answers, and what happens when it cannot."""

import asyncio
import datetime as dt
import gzip
import json
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from support.api import Answer, Api
from support.databases import Databases
from support.invariants import QUIET, assert_same
from support.postgres_servers import settings_for
from support.warehouse import Warehouse

from pipelines.errors import ArchiveError, DatabaseError, GamePulseError, NotAScoreboardError
from pipelines.ingest import IngestedDate, ingest_dates
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.raw import content_hash
from pipelines.ncaa.scoreboard import ScoreboardResponse
from pipelines.postgres.database import connect
from pipelines.postgres.sessions import Database
from pipelines.warehouse.archive import prune_archive

DATE, OTHER = dt.date(2025, 7, 1), dt.date(2025, 7, 2)
"""In the off season, which needs no calendar."""
Outcomes = dict[dt.date, IngestedDate | GamePulseError]
Rows = Callable[[str], list[dict[str, Any]]]
SPELLS = "SELECT subject, outcome, answers, games_expected FROM archive.sighting ORDER BY sighting_id"


def body(*games: tuple[int, str, str], date: dt.date = DATE, updated_at: str = "2025-07-01 12:00:00") -> bytes:
    """A scoreboard of games `(contest, state, score)`; teams follow from the contest."""
    return json.dumps(
        {
            "inputMD5Sum": updated_at,
            "updated_at": updated_at,
            "games": [
                {
                    "game": {
                        "url": f"/game/{contest}",
                        "startDate": f"{date:%m/%d/%Y}",
                        "gameState": state,
                        "finalMessage": "FINAL" if state == "final" else "",
                        "currentPeriod": "FINAL" if state == "final" else "",
                        "home": {"score": score, "names": {"seo": "duke", "short": "Duke"}},
                        "away": {"score": "50" if score else "", "names": {"seo": f"team-{contest % 3}", "short": "T"}},
                    }
                }
                for contest, state, score in games
            ],
        }
    ).encode()


def ingest(url: sa.URL, api: Api, *dates: dt.date, archive_required: bool = False) -> Outcomes:
    given = settings_for(url).model_copy(update={"archive_required": archive_required})

    async def run() -> Outcomes:
        async with (
            Database(given) as database,
            NcaaClient(api.url) as client,
            aclosing(ingest_dates(dates, MENS_BASKETBALL, client, database, QUIET)) as outcomes,
        ):
            return {date: outcome async for date, outcome in outcomes}

    return asyncio.run(run())


def test_bodies_are_equal_whatever_their_envelope_says() -> None:
    one, later = body((1, "pre", "")), body((1, "pre", ""), updated_at="2026-01-01 00:00:00")
    assert one != later
    assert content_hash(one) == content_hash(later) != content_hash(body((1, "live", "3")))
    inside = b'{"games": [{"updated_at": "%b"}]}'
    assert content_hash(inside % b"1") != content_hash(inside % b"2"), "a game's own values count"


def test_a_spell_ends_with_another_answer_and_refused_answers_are_kept(
    database_url: sa.URL, api: Api, rows: Rows
) -> None:
    a, b = body((1, "pre", "")), body((1, "final", "80"), updated_at="2025-07-01 14:00:00")
    for answer in (a, body((1, "pre", ""), updated_at="2025-07-01 13:00:00"), b, a, b"<html>maintenance"):
        api.always(Answer(answer))
        ingest(database_url, api, DATE)
    loaded = {"subject": "2025-07-01", "outcome": "loaded", "games_expected": None}
    assert rows(SPELLS) == [
        {**loaded, "answers": 2},
        {**loaded, "answers": 1},
        {**loaded, "outcome": "stale", "answers": 1},
        {**loaded, "outcome": "refused", "answers": 1},
    ]
    assert len(rows("SELECT sha256 FROM archive.body")) == 3
    [refused] = rows("SELECT * FROM archive.sighting JOIN archive.body USING (sha256) WHERE outcome = 'refused'")
    assert "gave HTML, not JSON" in refused["reason"]
    assert gzip.decompress(bytes(refused["content"])) == b"<html>maintenance"


def test_refused_answers_are_capped_in_size_and_number(database_url: sa.URL, api: Api, rows: Rows) -> None:
    for number in range(12):
        api.always(Answer(b"%d" % number + b"\0 no JSON" * 50_000))
        outcomes = ingest(database_url, api, DATE)
        assert isinstance(outcomes[DATE], NotAScoreboardError)
    found = rows("SELECT content FROM archive.sighting JOIN archive.body USING (sha256) ORDER BY sighting_id")
    kept = [gzip.decompress(bytes(row["content"])) for row in found]
    assert [int(content[:2].rstrip(b"\0")) for content in kept] == [*range(2, 12)]
    assert {len(content) for content in kept} == {256 * 1024}


def test_a_load_goes_on_without_the_archive_unless_it_is_required(
    database_url: sa.URL, api: Api, rows: Rows, administrator: sa.Engine
) -> None:
    api.always(Answer(body((1, "final", "80"))))
    with connect(database_url) as connection:
        connection.execute(sa.text("ALTER TABLE archive.sighting ADD CONSTRAINT full_disk CHECK (false) NOT VALID"))
        connection.commit()
    required = ingest(database_url, api, DATE, archive_required=True)
    assert isinstance(required[DATE], DatabaseError)
    assert rows("SELECT * FROM fact_game") == []
    assert isinstance(ingest(database_url, api, DATE)[DATE], IngestedDate)
    assert rows("SELECT unarchived_at = fetched_at AS is_unarchived FROM scoreboard") == [{"is_unarchived": True}]
    assert rows("SELECT * FROM archive.body") == []
    api.always(Answer(b"{}"))
    assert isinstance(ingest(database_url, api, DATE, archive_required=True)[DATE], DatabaseError)
    assert isinstance(ingest(database_url, api, DATE)[DATE], NotAScoreboardError)


@pytest.mark.parametrize("damage", ["UPDATE archive.body SET content = 'x'", "DELETE FROM archive.body"])
def test_a_damaged_body_is_named_and_the_other_dates_go_on(
    database_url: sa.URL, api: Api, warehouse: Warehouse, damage: str
) -> None:
    api.answer_with({"2025-07-01": body((1, "final", "80")), "2025-07-02": body((2, "final", "70"), date=OTHER)})
    ingest(database_url, api, DATE, OTHER)
    before = warehouse.tables()
    [broken] = warehouse.query(
        "SELECT encode(sha256, 'hex') AS hash FROM archive.sighting WHERE subject = '2025-07-01'"
    )
    with connect(database_url) as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))  # the foreign key does not see it
        connection.execute(sa.text(f"{damage} WHERE encode(sha256, 'hex') = '{broken['hash']}'"))
        connection.commit()
    outcomes = warehouse.replay(DATE, OTHER, may_fail=True)
    assert isinstance(outcomes[OTHER], IngestedDate)
    failure = outcomes[DATE]
    assert isinstance(failure, ArchiveError)
    assert f"Body {broken['hash']} of the archive, the scoreboard of 2025-07-01" in str(failure)
    assert_same(warehouse.tables(), before)


def test_a_prune_keeps_the_last_answer_of_a_date_from_which_the_game_is_replayed(
    database_url: sa.URL, api: Api, rows: Rows, warehouse: Warehouse
) -> None:
    for answer in (body((1, "pre", "")), body((1, "live", "20")), body((1, "final", "80")), b"no JSON"):
        api.always(Answer(answer))
        ingest(database_url, api, DATE)
    with connect(database_url) as connection:
        assert prune_archive(connection, dt.datetime.now(dt.UTC), days=1) == 0
        assert prune_archive(connection, dt.datetime.now(dt.UTC) + dt.timedelta(days=2), days=1) == 3
        connection.commit()
    assert [row["outcome"] for row in rows(SPELLS)] == ["loaded"]
    [left] = rows("SELECT content FROM archive.body")
    assert gzip.decompress(bytes(left["content"])) == body((1, "final", "80"))
    before, versions = warehouse.game(1), "SELECT game_status FROM game_history ORDER BY version"
    assert [row["game_status"] for row in rows(versions)] == ["scheduled", "live", "final"]
    warehouse.replay(DATE)
    same = before.keys() - {"game_key", "created_at", "updated_at"}
    assert {name: warehouse.game(1)[name] for name in same} == {name: before[name] for name in same}
    assert [row["game_status"] for row in rows(versions)] == ["final"], "what was shown before is not known any more"


# Ticks of two dates of the season: minutes since the last tick, the date, one of its answers, games by the calendar.
TICKS = st.lists(
    st.tuples(st.integers(1, 600), st.booleans(), st.integers(0, 5), st.sampled_from([None, 2, 3])), max_size=25
)
FIRST, SECOND = dt.date(2026, 1, 10), dt.date(2026, 1, 11)
LISTS: Sequence[Sequence[tuple[int, str, str]]] = (
    [(1, "pre", ""), (2, "pre", "")],
    [(1, "final", "80"), (2, "live", "20")],
    [(1, "final", "81"), (2, "final", "70")],
    [(2, "final", "70")],
    [(1, "pre", ""), (4, "final", "60")],
    [],
)


@pytest.fixture(scope="module")
def played(databases: Databases) -> Any:
    with databases.temporary() as url, Warehouse.connect(url) as warehouse:
        yield warehouse


@settings(max_examples=10, deadline=None, derandomize=True)
@given(ticks=TICKS)
def test_a_replay_of_spells_equals_a_load_of_every_tick(
    played: Warehouse, ticks: list[tuple[int, bool, int, int | None]]
) -> None:
    warehouse = played
    warehouse.empty()
    warehouse.query("TRUNCATE archive.sighting")
    moment = dt.datetime(2026, 1, 10, 17, tzinfo=dt.UTC)
    for minutes, is_second, number, expected in ticks:
        moment += dt.timedelta(minutes=minutes)
        date = SECOND if is_second else FIRST
        response = ScoreboardResponse(
            MENS_BASKETBALL, date, body(*LISTS[number], date=date), moment, "https://api.test"
        )
        warehouse.load_and_keep(response, expected)
    every_tick = warehouse.tables()
    warehouse.replay(FIRST, SECOND)
    assert_same(warehouse.tables(), every_tick)
