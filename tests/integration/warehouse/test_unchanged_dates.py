"""Nothing unchanged is written, and the cost of a load does not grow with its games."""

from typing import Any

import asyncpg
import pytest
from sqlmodel.ext.asyncio.session import AsyncSession
from support.builders import game, reject, scoreboard, team
from support.tables import driver_connection
from support.warehouse import Warehouse

from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.warehouse.load import LoadReport, load_scoreboard

EVERYTHING = (
    game(1, team("duke", "acc"), team("unc", "acc"), "final 80-75", network="ESPN"),
    game(2, team("iona", "maac"), team("yale", "ivy"), "live 10-12 1st 9:00"),
    game(3, "siena", "rider"),
    game(4, "rider", "siena"),  # issued again: 3 is withdrawn
    game(5, "brown", "drake", "canceled"),
)


def versions(warehouse: Warehouse) -> dict[str, list[dict[str, Any]]]:
    """Every version of every row, and how far the identity sequences have come."""
    versions = {
        table: warehouse.query(f"SELECT xmin::text, xmax::text, ctid::text, * FROM {table} ORDER BY ctid")
        for table in ("fact_game", "dim_team", "rejected_game")
    }
    versions["sequences"] = warehouse.query(
        "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY sequencename"
    )
    return versions


@pytest.mark.parametrize("feed", ["current", "legacy"])
@pytest.mark.parametrize("later", ["2025-01-10 21:00", "2025-01-10 21:15"])
def test_an_unchanged_day_touches_no_row_and_burns_no_identity_value(
    warehouse: Warehouse, feed: Any, later: str
) -> None:
    rejects = [reject(6), reject(None)]
    warehouse.load(scoreboard("2025-01-09", "2025-01-10 12:00", game(9, "duke", "yale", "final 80-75")))
    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 20:00", *EVERYTHING, game(7, "drake", "duke"), feed=feed),
        scoreboard("2025-01-10", "2025-01-10 21:00", *EVERYTHING, rejects=rejects, feed=feed),
    )
    before = versions(warehouse)

    report = warehouse.load(
        scoreboard("2025-01-10", later, *reversed(EVERYTHING), rejects=rejects, feed=feed), games_expected=7
    )

    assert versions(warehouse) == before
    assert len(before["sequences"]) == 5
    assert (report.games_unchanged, report.games_rejected, report.games_processed) == (5, 2, 7)


def test_only_the_scoreboard_row_moves_when_a_day_is_unchanged(warehouse: Warehouse) -> None:
    first = scoreboard("2025-01-10", "2025-01-10 20:00", *EVERYTHING)
    warehouse.load(first)
    before = warehouse.tables()

    warehouse.load(scoreboard("2025-01-10", "2025-01-10 21:00", *EVERYTHING), games_expected=5)

    after = warehouse.tables()
    assert after.pop("scoreboard") != before.pop("scoreboard")
    assert after == before


def test_a_changed_game_writes_its_row_alone(warehouse: Warehouse) -> None:
    warehouse.load(scoreboard("2025-01-10", "2025-01-10 20:00", *EVERYTHING))
    before = {row["game_id"]: row for row in versions(warehouse)["fact_game"]}

    warehouse.load(
        scoreboard("2025-01-10", "2025-01-10 20:15", EVERYTHING[0], game(2, "iona", "yale", "live 12-12 1st 8:40"))
    )

    after = {row["game_id"]: row for row in versions(warehouse)["fact_game"]}
    # 4 and 5 are not listed any more, which their rows remember; the withdrawn 3 likewise.
    assert after["ncaam_1"] == before["ncaam_1"]
    assert after["ncaam_2"]["game_clock"] == "8:40"
    assert after["ncaam_2"]["updated_at"] > before["ncaam_2"]["updated_at"]
    assert after["ncaam_2"]["created_at"] == before["ncaam_2"]["created_at"]


def test_every_game_is_counted_once(warehouse: Warehouse) -> None:
    warehouse.load(
        scoreboard("2025-01-09", "2025-01-10 23:00", game(8, "drake", "brown", "final 80-75")),
        scoreboard("2025-01-10", "2025-01-10 20:00", *EVERYTHING, game(7, "drake", "duke", "final 70-60")),
    )

    report = warehouse.load(
        scoreboard(
            "2025-01-10",
            "2025-01-11 08:00",
            EVERYTHING[0],  # unchanged
            game(2, "iona", "yale", "final 80-81"),  # updated
            game(7, "drake", "duke"),  # updated: the final stays, and is suspect
            game(8, "drake", "brown"),  # updated: final on the day before, and suspect there
            game(12, "army", "navy"),  # inserted
            rejects=[reject(13), reject(None)],
        ),
        games_expected=7,
    )

    assert report == LoadReport(
        games_processed=7,
        games_inserted=1,
        games_updated=3,
        games_unchanged=1,
        games_rejected=2,
        games_suspect=1,
        games_withdrawn=0,  # which game the nameless reject is, is not known
        games_expected=7,
        games_final=3,
        games_live=0,
        games_scheduled=2,
        teams_inserted=2,
        teams_updated=0,
        is_stale=False,
        tables_changed=frozenset({"fact_game", "dim_team", "rejected_game"}),
    )


def big_day(games: int, said: str, conference: str) -> ParsedScoreboard:
    """A date of any size, a reject with it."""
    return scoreboard(
        "2025-01-10",
        "2025-01-10 20:00",
        *(
            game(number, team(f"home{number}", "acc"), team(f"away{number}", conference), said)
            for number in range(1, games + 1)
        ),
        rejects=[reject(9999)],
    )


def test_the_number_of_statements_is_at_most_12_and_the_same_for_one_game_and_for_500(warehouse: Warehouse) -> None:
    def statements(scoreboard: ParsedScoreboard) -> list[str]:
        logged: list[str] = []

        async def load(session: AsyncSession) -> None:
            connection = await driver_connection(session)

            def log(record: asyncpg.connection.LoggedQuery) -> None:
                logged.append(record.query)

            with connection.query_logger(log):
                await load_scoreboard(session, scoreboard)

        warehouse.run(load)
        return logged

    loads = {}
    for size in (1, 500):
        warehouse.empty()
        loads[size] = [
            statements(big_day(size, "scheduled", "acc")),
            statements(big_day(size, "live 10-8 1st 9:00", "acc")),
            statements(big_day(size, "live 10-8 1st 9:00", "acc")),
            statements(big_day(size, "scheduled", "ivy")),  # rivalry is recomputed
        ]

    assert loads[1] == loads[500]
    # The lock goes through SQLAlchemy, which the driver's log does not show: one more.
    assert max(len(load) for load in loads[1]) + 1 <= 12
    assert min(len(load) for load in loads[1]) >= 5
