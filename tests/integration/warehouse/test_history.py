"""Fifteen seasons of real results through the real load, in calendar order and in any other.

Results are real: dates, teams and scores of `results-2010-2025.csv`. All else is made up here, from checksums so that
it is the same every time: contest ids, tip-offs, overtimes, networks, ranks, which feed answered and when, and the
conferences, which the file does not have; some teams change theirs within a season. Every game is final.
"""

import asyncio
import csv
import datetime as dt
import io
import random
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from support.builders import game, reject, scoreboard, team
from support.databases import Databases
from support.postgres_servers import settings_for
from support.tables import QUERIES, driver_connection

from pipelines.ncaa.game import Game, TeamLine
from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings
from pipelines.warehouse.load import load_scoreboard

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

NOT_COMPARED = {
    "fact_game": {"game_key", "home_team_key", "away_team_key", "sport", "created_at", "updated_at"},
    "game_history": {"home_team_key", "away_team_key", "sport"},
    "dim_team": {"team_key", "sport", "created_at", "updated_at"},
    "scoreboard": {
        "sport",
        "is_simulated",
        "fields_unreadable",
        "unreadable_sample",
        "answer_updated_at",
        "last_stale_at",
        "unarchived_at",
        "void_fetched_at",
    },
    "game_evidence": {"sport"},
    "rejected_game": {"sport", "created_at", "updated_at"},
}
"""Surrogate keys, which the dump resolves; times of writing; values that no answer here has or all have."""


class Result(NamedTuple):
    """A row of the file, its teams by slug."""

    date: dt.date
    home: str
    home_score: int
    away: str
    away_score: int

    @property
    def season(self) -> int:
        """Every season of the file begins in November and ends in April."""
        return self.date.year if self.date.month > 7 else self.date.year - 1

    @property
    def winner(self) -> str:
        """There are no draws."""
        return self.home if self.home_score > self.away_score else self.away


class History(NamedTuple):
    """The file, and a database into which all of it was loaded in calendar order."""

    results: list[Result]
    scoreboards: list[ParsedScoreboard]
    database: Settings


def read_results(path: Path) -> list[Result]:
    """All rows, in the order of the file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Result(
                dt.datetime.strptime(row["date"], "%Y%m%d").date(),  # noqa: DTZ007 a date
                slug(row["home"]),
                int(row["home_score"]),
                slug(row["away"]),
                int(row["away_score"]),
            )
            for row in csv.DictReader(file)
        ]


def slug(name: str) -> str:
    """Made from the display name; not the NCAA's."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def made_up(*of: object) -> int:
    """A number that is always the same for the same things."""
    return zlib.crc32("/".join(map(str, of)).encode())


def scoreboard_of(date: dt.date, results: Sequence[Result]) -> ParsedScoreboard:
    """One date's final scoreboard, fetched some days later."""
    games = [as_game(date, number, result) for number, result in enumerate(results)]
    fetched_at = dt.datetime.combine(date, dt.time(6), dt.UTC) + dt.timedelta(hours=made_up("fetch", date) % 240)
    number = made_up("reject", date)
    return scoreboard(
        date,
        fetched_at,
        *games,
        rejects=[reject(900_000_000 + number % 10**6, payload=f'{{"startDate": "{date}"}}')]
        if number % 40 == 0
        else [],
        feed="legacy" if made_up("feed", date) % 3 == 0 else "current",
    )


def as_game(date: dt.date, number: int, result: Result) -> Game:
    """A result as a game; contest ids rise with the dates and, as in life, not by one."""
    contest_id = (date - dt.date(2010, 1, 1)).days * 1000 + number * 3
    chance = made_up("game", contest_id)
    overtime = [" OT", " 2OT"][chance % 2] if chance % 17 == 0 else ""
    return game(
        contest_id,
        as_line(result.home, result, chance),
        as_line(result.away, result, chance // 7),
        f"final {result.home_score}-{result.away_score}{overtime}",
        start_time=dt.datetime.combine(date, dt.time(17), dt.UTC) + dt.timedelta(minutes=chance % 540),
        network=[None, "ESPN", "CBS"][chance % 3],
    )


def as_line(slug: str, result: Result, chance: int) -> TeamLine:
    """A team as the date describes it: now and then something is missing, or the conference is another one."""
    moves_in_winter = made_up("moves", slug, result.season) % 25 == 0 and result.date.month < 8
    conference = f"conference-{made_up(slug, result.season // 4, moves_in_winter) % 25}"
    return team(
        slug,
        None if chance % 5 == 0 else "independent" if made_up(slug) % 60 == 0 else conference,
        name=None if chance % 11 == 0 else f"{slug.title()} {result.season // 5}",
        full_name=f"{slug.title()} University" if chance % 4 == 0 else None,
        abbreviation=slug[:6].upper() if chance % 3 == 0 else None,
        rank=chance % 25 + 1 if chance % 8 == 0 else None,
    )


async def load_all(settings: Settings, scoreboards: Sequence[ParsedScoreboard]) -> Counter[str]:
    """Loads in this order, a transaction each; what the reports count, summed."""
    total = Counter[str]()
    async with Database(settings) as database:
        for scoreboard in scoreboards:
            async with database.get_session() as session:
                report = await load_scoreboard(session, scoreboard, games_expected=scoreboard.games_received)
            total["processed"] += report.games_processed
            total["inserted"] += report.games_inserted
            total["rejected"] += report.games_rejected
            total["withdrawn"] += report.games_withdrawn
    return total


async def do_not_wait_for_the_disk(settings: Settings) -> None:
    """From the next connection on; what is lost with the machine does not matter to a test."""
    async with Database(settings) as database, database.get_session() as session:
        connection = await driver_connection(session)
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")


async def dump_bytes(settings: Settings) -> dict[str, bytes]:
    """Each table as CSV with a header."""
    dumps = {}
    async with Database(settings) as database, database.get_session() as session:
        connection = await driver_connection(session)
        for table, query in QUERIES.items():
            buffer = io.BytesIO()
            await connection.copy_from_query(query, output=buffer, format="csv", header=True)
            dumps[table] = buffer.getvalue()
    return dumps


@pytest.fixture(scope="module")
def history(databases: Databases, shared_data: Path) -> Iterator[History]:
    """All results, loaded in calendar order."""
    results = read_results(shared_data / "results-2010-2025.csv")
    by_date: defaultdict[dt.date, list[Result]] = defaultdict(list)
    for result in results:
        by_date[result.date].append(result)
    scoreboards = [scoreboard_of(date, by_date[date]) for date in sorted(by_date)]
    with databases.temporary() as url:
        settings = settings_for(url)
        asyncio.run(do_not_wait_for_the_disk(settings))
        total = asyncio.run(load_all(settings, scoreboards))
        assert total["inserted"] == len(results) == 87_540
        assert total["processed"] == total["inserted"] + total["rejected"]
        assert total["rejected"] > 0
        yield History(results, scoreboards, settings)


def counted(settings: Settings, query: str) -> dict[tuple[object, ...], int]:
    """Rows of a query as a mapping from all columns but the last to the last."""

    async def fetch() -> dict[tuple[object, ...], int]:
        async with Database(settings) as database, database.get_session() as session:
            connection = await driver_connection(session)
            return {tuple(row)[:-1]: row[-1] for row in await connection.fetch(query)}

    return asyncio.run(fetch())


def test_every_season_has_the_games_and_points_of_the_file(history: History) -> None:
    games: Counter[tuple[object, ...]] = Counter((result.season,) for result in history.results)
    points = Counter[tuple[object, ...]]()
    for result in history.results:
        points[(result.season,)] += result.home_score + result.away_score

    assert len(games) == 15
    assert counted(history.database, "SELECT season, count(*) FROM fact_game GROUP BY 1") == games
    assert counted(history.database, "SELECT season, sum(home_score + away_score) FROM fact_game GROUP BY 1") == points
    by_calendar = (
        "SELECT season, count(*) FROM fact_game JOIN dim_date USING (season) WHERE date_key = game_date_key GROUP BY 1"
    )
    assert counted(history.database, by_calendar) == games


def test_every_team_has_the_wins_of_the_file_in_every_season(history: History) -> None:
    wins: Counter[tuple[object, ...]] = Counter((result.season, result.winner) for result in history.results)

    assert wins == counted(
        history.database,
        """
        SELECT game.season, slug, count(*)
        FROM fact_game AS game
        JOIN dim_team AS winner
            ON winner.team_key = CASE WHEN home_score > away_score THEN home_team_key ELSE away_team_key END
        GROUP BY 1, 2
        """,
    )


def test_every_team_has_a_row_for_each_season_it_played_and_the_last_is_current(history: History) -> None:
    seasons: defaultdict[str, set[int]] = defaultdict(set)
    for result in history.results:
        seasons[result.home].add(result.season)
        seasons[result.away].add(result.season)

    expected = {(slug, season, season == max(known)): 1 for slug, known in seasons.items() for season in known}
    query = "SELECT slug, season, is_current, count(*) FROM dim_team GROUP BY 1, 2, 3"
    assert counted(history.database, query) == expected


def test_all_games_are_final_and_two_of_one_pair_on_a_day_are_suspect(history: History) -> None:
    """Kansas City met Kansas Christian twice on 2020-12-19."""
    pairs = Counter((result.date, frozenset((result.home, result.away))) for result in history.results)
    suspect = sum(count for count in pairs.values() if count > 1)

    statuses = counted(history.database, "SELECT game_status, count(*) FROM fact_game GROUP BY 1")
    assert statuses == {("final",): len(history.results)}
    assert counted(history.database, "SELECT suspect_reason IS NOT NULL, count(*) FROM fact_game GROUP BY 1") == {
        (False,): len(history.results) - suspect,
        (True,): suspect,
    }
    assert suspect == 2


def test_rivalry_is_that_of_the_seasons_conferences_for_every_game(history: History) -> None:
    factors = counted(
        history.database,
        """
        SELECT rivalry_factor::text, coalesce(home.conference_id = away.conference_id
               AND home.conference_id <> 'independent', FALSE), count(*)
        FROM fact_game
        JOIN dim_team AS home ON home.team_key = home_team_key
        JOIN dim_team AS away ON away.team_key = away_team_key
        GROUP BY 1, 2
        """,
    )
    assert set(factors) == {("1.20", True), ("1.00", False)}


def test_a_dump_has_every_column_of_the_tables(history: History) -> None:
    headers = {table: next(csv.reader([text.decode()])) for table, text in head_lines(history).items()}
    resolved = {"home", "away"}
    for table, header in headers.items():
        attributes = (
            f"FROM pg_attribute WHERE attrelid = 'public.{table}'::regclass AND attnum > 0 AND NOT attisdropped"
        )
        columns = counted(history.database, f"SELECT attname, 1 {attributes}")
        assert {name for (name,) in columns} == (set(header) - resolved) | NOT_COMPARED[table]


def head_lines(history: History) -> dict[str, bytes]:
    """First line of each dump."""
    return {table: text.split(b"\n", 1)[0] for table, text in asyncio.run(dump_bytes(history.database)).items()}


def test_dates_in_random_order_end_in_the_same_bytes_as_in_calendar_order(history: History, settings: Settings) -> None:
    shuffled = list(history.scoreboards)
    random.Random(2025).shuffle(shuffled)

    asyncio.run(do_not_wait_for_the_disk(settings))
    asyncio.run(load_all(settings, shuffled))

    in_order, at_random = asyncio.run(dump_bytes(history.database)), asyncio.run(dump_bytes(settings))
    assert in_order["fact_game"].count(b"\n") == 87_541
    for table in QUERIES:
        assert at_random[table] == in_order[table], f"{table} differs"
