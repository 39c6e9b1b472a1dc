"""Any sequence of scoreboards ends in the rows that the reference model of the rules has."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, note
from hypothesis import strategies as st
from sqlmodel.ext.asyncio.session import AsyncSession
from support.builders import at, day, game, reject, team
from support.reference_model import ReferenceWarehouse
from support.tables import dump

from models.reference import conference_name
from pipelines.ncaa.game import Game, TeamLine
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import Feed, ParsedScoreboard, Reject
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings
from pipelines.warehouse.load import LoadReport, load_scoreboard

# Few of everything, so that sequences collide; the dates lie on both sides of a season's turn.
DATES = [day("2024-07-31"), day("2024-08-01"), day("2024-08-02")]
FETCHES = [
    at("2024-07-31 10:00"),
    at("2024-07-31 23:59"),
    at("2024-08-01 00:01"),
    at("2024-08-01 21:00"),
    at("2024-08-02 11:59"),
    at("2024-08-02 12:00"),  # the first date is settled from here on
    at("2024-08-03 12:00"),
    at("2024-08-03 17:59"),
    at("2024-08-03 18:00"),  # six hours after the one before the last
    at("2024-08-04 00:30"),
    at("2024-08-09 09:00"),
]
AHEAD = at("2100-01-01 00:00")
"""What a clock wrote that was wrong."""
CONTESTS = [1, 2, 3, 4]
PAIRS = [("duke", "unc"), ("duke", "unc"), ("duke", "unc"), ("unc", "duke"), ("duke", "yale"), ("iona", "yale")]
STATES = [
    "scheduled",
    "scheduled",
    "postponed",
    "canceled",
    "live 10-12 1st 7:20",
    "live 12-12 1st 6:50",
    "live 33-30 halftime",
    "live 70-70 OT",
    "final 80-75",
    "final 80-75",
    "final 90-88 2OT",
    "final 0-0",
]
CONFERENCES = [None, "acc", "acc", "ivy-league", "independent"]
ROUNDS = [None, None, "Sweet 16"]
NETWORKS = [None, "ESPN", "CBS"]
PAYLOADS = ['{"gameState": 1}', '{"url": "\\u0000"}']
FEEDS: list[Feed] = ["current", "legacy"]
REASONS = ["gameState is 'halfway'.", "url is '', expected /game/ and a contest id."]


class Step(NamedTuple):
    """One load."""

    scoreboard: ParsedScoreboard
    games_expected: int | None


@st.composite
def sides(draw: st.DrawFn, slug: str) -> TeamLine:
    """One team as one scoreboard describes it."""
    conference = draw(st.sampled_from(CONFERENCES))
    line = team(
        slug,
        conference,
        name=draw(st.sampled_from([None, "Name", "Other"])),
        conference_name=conference_name(conference, 2024) if conference is not None else None,
    )
    look = draw(st.integers(0, 15))
    return replace(
        line,
        full_name=[None, "University"][look & 1],
        abbreviation=[None, slug.upper()][look >> 1 & 1],
        rank=[None, 7][look >> 3 & 1],
        seed=[None, 16][(look >> 3 & 1) & (look & 1)],
    )


@st.composite
def games(draw: st.DrawFn, contest_id: int) -> Game:
    """A game in some state; the same contest may come back as another pair."""
    home, away = draw(st.sampled_from(PAIRS))
    return game(
        contest_id,
        draw(sides(home)),
        draw(sides(away)),
        draw(st.sampled_from(STATES)),
        start_time=draw(st.sampled_from([None, at("2024-08-01 19:00")])),
        bracket_round=draw(st.sampled_from(ROUNDS)),
        network=draw(st.sampled_from(NETWORKS)),
    )


@st.composite
def rejects(draw: st.DrawFn, contest_id: int | None, date: dt.date) -> Reject:
    """An entry that could not be read; one without a contest id is like no other date's."""
    payload = draw(st.sampled_from(PAYLOADS)) if contest_id is not None else f'{{"startDate": "{date}"}}'
    return reject(contest_id, draw(st.sampled_from(REASONS)), payload)


@st.composite
def steps(draw: st.DrawFn, pools: dict[int, list[Game]], date: dt.date, fetched_at: dt.datetime) -> Step:
    """A scoreboard with each contest at most once, readable or not, and what the calendar says of the day."""
    readable: list[Game] = []
    unreadable: dict[str, Reject] = {}
    undecided: list[int] = []
    for contest_id, pool in pools.items():
        kind = draw(st.integers(0, 9))
        if kind <= 5:
            readable.append(draw(st.sampled_from(pool)))
        elif kind == 6:
            entry = draw(rejects(contest_id, date))
            unreadable[entry.key] = entry
        elif kind == 7:
            undecided.append(contest_id)
    if draw(st.integers(0, 7)) == 0:
        entry = draw(rejects(None, date))
        unreadable[entry.key] = entry
    received = len(readable) + len(unreadable) + len(undecided)
    # Nearly always as fresh as the request, now and then from a cache.
    made_at = fetched_at - draw(st.sampled_from([dt.timedelta(0), dt.timedelta(0), dt.timedelta(days=1)]))
    feed = draw(st.sampled_from(FEEDS))
    return Step(
        ParsedScoreboard(
            league=MENS_BASKETBALL,
            game_date=date,
            feed=feed,
            fetched_at=fetched_at,
            source_url=f"https://api.test/{feed}/{date}",
            games=tuple(readable if draw(st.booleans()) else reversed(readable)),
            rejects=tuple(unreadable.values()),
            undecided=tuple(undecided),
            answer_updated_at=draw(st.sampled_from([None, made_at])),
        ),
        draw(st.sampled_from([None, received, received, received + 1])),
    )


@st.composite
def pools(draw: st.DrawFn, contests: Sequence[int]) -> dict[int, list[Game]]:
    """What is ever said of each contest; two or three things, so that scoreboards often say the same again."""
    return {contest_id: draw(st.lists(games(contest_id), min_size=2, max_size=3)) for contest_id in contests}


@st.composite
def sequences(draw: st.DrawFn, max_size: int = 7) -> list[Step]:
    """Loads that collide: few dates and contests, mostly in the order of the fetches."""
    said = draw(pools(CONTESTS[: draw(st.integers(1, len(CONTESTS)))]))
    fetches = draw(st.lists(st.sampled_from(FETCHES), min_size=1, max_size=max_size))
    if draw(st.integers(0, 3)):
        fetches.sort()
    dates = draw(st.sampled_from([DATES, DATES[:2], DATES[1:], DATES[:1]]))
    if len(dates) == 1 and draw(st.booleans()):
        fetches.insert(draw(st.integers(0, len(fetches))), AHEAD)
    return [draw(steps(said, draw(st.sampled_from(dates)), fetched_at)) for fetched_at in fetches]


class _RollBackError(Exception):
    """Ends an example: nothing of it stays."""


class Examples:
    """Runs examples in one loop and on one connection, each in a transaction that is rolled back."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        self._runner = runner
        self._database = database

    def run(self, example: Callable[[AsyncSession], Awaitable[None]]) -> None:
        """Runs `example(session)` on empty tables."""
        self._runner.run(self._rolled_back(example))

    async def _rolled_back(self, example: Callable[[AsyncSession], Awaitable[None]]) -> None:
        with suppress(_RollBackError):
            async with self._database.get_session() as session:
                await example(session)
                raise _RollBackError


@pytest.fixture
def examples(settings: Settings) -> Iterator[Examples]:
    """An empty warehouse for each of many examples."""
    database = Database(settings)
    with asyncio.Runner() as runner:
        yield Examples(runner, database)
        runner.run(database.__aexit__(None, None, None))


# The plain run is the same every time; the long one looks elsewhere each time.
COMMON = hypothesis.settings(
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # explaining traces every line: too slow here
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PLAIN = hypothesis.settings(COMMON, max_examples=150, derandomize=True)
LONG = hypothesis.settings(COMMON, max_examples=2500)


def counts_add_up(scoreboard: ParsedScoreboard, report: LoadReport) -> bool:
    """Every contest of the scoreboard is counted once."""
    counted = (
        report.games_inserted
        + report.games_updated
        + report.games_unchanged
        + report.games_rejected
        + report.games_undecided
    )
    is_whole = counted == report.games_processed or report.is_stale
    return is_whole and report.games_processed == scoreboard.games_received


def visible_rows(model: ReferenceWarehouse) -> dict[str, object]:
    """The rows of the tables in the catalog, without the columns that only order what is loaded."""
    tables = model.tables()
    return {
        name: [{key: value for key, value in row.items() if not key.endswith("_watermark")} for row in tables[name]]
        for name in ("fact_game", "dim_team", "rejected_game")
    }


async def follows_the_model(session: AsyncSession, sequence: Sequence[Step]) -> None:
    """Loads the sequence into both, and compares reports and tables."""
    model = ReferenceWarehouse()
    for number, (scoreboard, games_expected) in enumerate(sequence):
        before = visible_rows(model)
        expected = model.load(scoreboard, games_expected)
        report = await load_scoreboard(session, scoreboard, games_expected=games_expected)
        note(f"load {number}: {report}")
        assert replace(report, tables_changed=frozenset()) == expected
        # A change of conference may leave the rivalry of all games as it was.
        assert {name for name, rows in visible_rows(model).items() if rows != before[name]} <= report.tables_changed
        assert counts_add_up(scoreboard, report)
    found = await dump(session)
    del found["game_evidence"]
    assert found == model.tables()


async def again_changes_nothing(session: AsyncSession, sequence: Sequence[Step]) -> None:
    """Loads the sequence, and after each load the same scoreboard once more."""
    for scoreboard, games_expected in sequence:
        first = await load_scoreboard(session, scoreboard, games_expected=games_expected)
        after_first = await dump(session)
        again = await load_scoreboard(session, scoreboard, games_expected=games_expected)
        assert await dump(session) == after_first
        assert again == replace(
            again, games_inserted=0, games_updated=0, games_withdrawn=0, teams_inserted=0, teams_updated=0
        )
        assert (again.games_suspect, again.is_stale) == (first.games_suspect, first.is_stale)
        assert counts_add_up(scoreboard, again)


async def order_of_dates_does_not_matter(
    session: AsyncSession, sequence: Sequence[Step], other_order: Sequence[Step]
) -> None:
    """Loads both orders, each into empty tables."""
    dumps = []
    for order in (sequence, other_order):
        savepoint = await session.begin_nested()
        for scoreboard, games_expected in order:
            await load_scoreboard(session, scoreboard, games_expected=games_expected)
        tables = await dump(session)
        del tables["game_history"]  # what was shown depends on the order in which it was learned
        dumps.append(tables)
        await savepoint.rollback()
    assert dumps[0] == dumps[1]


@PLAIN
@given(sequence=sequences())
def test_any_sequence_ends_in_the_rows_and_reports_of_the_rules(examples: Examples, sequence: list[Step]) -> None:
    examples.run(lambda session: follows_the_model(session, sequence))


@pytest.mark.slow
@pytest.mark.timeout(900)
@LONG
@given(sequence=sequences())
def test_a_long_walk_ends_in_the_rows_and_reports_of_the_rules(examples: Examples, sequence: list[Step]) -> None:
    examples.run(lambda session: follows_the_model(session, sequence))


@hypothesis.settings(PLAIN, max_examples=50)
@given(sequence=sequences(max_size=4))
def test_loading_anything_twice_is_loading_it_once(examples: Examples, sequence: list[Step]) -> None:
    examples.run(lambda session: again_changes_nothing(session, sequence))


@pytest.mark.slow
@pytest.mark.timeout(900)
@hypothesis.settings(LONG, max_examples=600)
@given(sequence=sequences(max_size=5))
def test_loading_anything_twice_is_loading_it_once_in_long_walks(examples: Examples, sequence: list[Step]) -> None:
    examples.run(lambda session: again_changes_nothing(session, sequence))


@st.composite
def two_orders(draw: st.DrawFn) -> tuple[list[Step], list[Step]]:
    """Several scoreboards per date over the same contests, and the same with the dates interleaved otherwise.

    No rejects: whether a reject of one date or a game of another comes last decides whether the reject is kept.
    """
    said = draw(pools(CONTESTS))
    queues = {}
    for date in DATES:
        fetches = sorted(draw(st.lists(st.sampled_from(FETCHES), min_size=1, max_size=3)))
        queues[date] = [without_rejects(draw(steps(said, date, fetched_at))) for fetched_at in fetches]
    turns = [date for date, queue in queues.items() for _ in queue]
    orders = []
    for order in (turns, draw(st.permutations(turns))):
        left = {date: iter(queue) for date, queue in queues.items()}
        orders.append([next(left[date]) for date in order])
    return orders[0], orders[1]


def without_rejects(step: Step) -> Step:
    return step._replace(scoreboard=replace(step.scoreboard, rejects=()))


@hypothesis.settings(PLAIN, max_examples=50)
@given(orders=two_orders())
def test_dates_and_seasons_loaded_in_any_order_end_in_the_same_rows(
    examples: Examples, orders: tuple[list[Step], list[Step]]
) -> None:
    examples.run(lambda session: order_of_dates_does_not_matter(session, *orders))


@pytest.mark.slow
@pytest.mark.timeout(900)
@hypothesis.settings(LONG, max_examples=800)
@given(orders=two_orders())
def test_dates_and_seasons_in_any_order_end_in_the_same_rows_in_many_cases(
    examples: Examples, orders: tuple[list[Step], list[Step]]
) -> None:
    examples.run(lambda session: order_of_dates_does_not_matter(session, *orders))
