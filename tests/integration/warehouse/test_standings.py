"""Standings compared with the games: what agrees, what differs, and which games explain it."""

import csv
import datetime as dt
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.builders import day
from support.standings import BY_SLUG, SLUGS, Result, page, write
from support.warehouse import Warehouse

from pipelines.errors import MixedGamesError
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.standings import Standings
from pipelines.warehouse.standings import Audit, load_standings
from simulator.game import Kind
from simulator.world import World

DAY = dt.timedelta(days=1)
JANUARY = day("2026-01-10")


def audit(warehouse: Warehouse, standings: Standings, as_of: dt.date | None = None) -> Audit:
    morning = as_of or standings.covers + DAY
    return warehouse.run(partial(load_standings, league=MENS_BASKETBALL, as_of=morning, standings=standings))


def games(*pairs: str, start: int = 1, date: dt.date = JANUARY) -> list[Result]:
    """Games that the first team of `duke-north-carolina` wins at home, one per pair."""
    return [Result(start + number, date, *pair.split(), 80, 70) for number, pair in enumerate(pairs)]


def discrepancies(warehouse: Warehouse) -> list[dict[str, Any]]:
    return warehouse.query("SELECT * FROM discrepancy ORDER BY discrepancy_id")


def test_every_record_of_a_real_season_equals_standings_counted_independently(
    warehouse: Warehouse, shared_data: Path
) -> None:
    """Results of 2024-25; schools have the names of others, since the file has names of its own. The file is complete
    for this season; for 2022-23 it lacks about 406 games."""
    with (shared_data / "results-2010-2025.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if "20241101" <= row["date"] <= "20250430"]
    count = Counter(row[side] for row in rows for side in ("home", "away"))
    division = sorted(name for name, number in count.items() if number >= 20)
    slugs = dict(zip(division, SLUGS, strict=False))
    results = [
        Result(
            number,
            dt.datetime.strptime(row["date"], "%Y%m%d").date(),  # noqa: DTZ007
            slugs.get(row["home"], f"x-{row['home']}"),
            slugs.get(row["away"], f"x-{row['away']}"),
            int(row["home_score"]),
            int(row["away_score"]),
        )
        for number, row in enumerate(rows)
    ]
    write(warehouse, results)
    for covers in (day("2025-01-16"), day("2025-04-08")):
        found = audit(warehouse, page(results, covers, slugs.values()))
        assert (found.agreed, found.schools, found.findings) == (364, 364, [])


@pytest.fixture(scope="module")
def season() -> list[Result]:
    """A simulated season."""
    return [
        Result(
            *(game.contest_id, date, game.home.slug, game.away.slug, game.home_score, game.away_score),
            counts_for_conference=game.kind is Kind.CONFERENCE,
        )
        for date, games_of_date in sorted(World(0, 2025).season(2025).items())
        for game in games_of_date
    ]


def test_swapped_lost_and_doubled_games_are_all_found_the_next_morning_and_none_is_named_wrongly(
    warehouse: Warehouse, season: list[Result], pytestconfig: pytest.Config
) -> None:
    """In 1 % of the games of a season with `--full`; else in 3 % of those of ten days in January."""
    is_full = pytestconfig.getoption("--full")
    first, last, share = ("2025-11-04", "2026-04-06", 0.01) if is_full else ("2026-01-12", "2026-01-21", 0.03)
    random = Random(17)
    season = [result for result in season if result.date <= day(last)]
    audited = sorted({result.date for result in season if result.date >= day(first)})
    faults = {
        result.contest_id: random.choice(["swapped", "lost", "doubled"])
        for result in season
        if result.date in audited and random.random() < share
    }
    assert len(faults) > 10
    write(warehouse, [result for result in season if result.date < audited[0]])
    named, found = set(), 0
    for date in audited:
        of_date, ours = [result for result in season if result.date == date], []
        for result in of_date:
            fault = faults.get(result.contest_id)
            ours += [result.swapped() if fault == "swapped" else result] if fault != "lost" else []
            ours += [result._replace(contest_id=result.contest_id + 10**8)] if fault == "doubled" else []
        write(warehouse, ours)
        report = audit(warehouse, page(season, date))
        assert not report.not_compared
        differing = {finding.team_id for finding in report.findings}
        for result in of_date:
            if result.contest_id in faults:
                found += not differing.isdisjoint({f"ncaam_{result.home}", f"ncaam_{result.away}"})
        named_ids = {game_id for finding in report.findings for game_id in finding.game_ids}
        named |= {int(game_id.removeprefix("ncaam_")) % 10**8 for game_id in named_ids}
        assert named_ids <= {f"ncaam_{contest_id + extra}" for contest_id in faults for extra in (0, 10**8)}
    assert found == len(faults)
    wrong = [result for result in season if result.contest_id in faults]
    teams = Counter(team for result in wrong for team in (result.home, result.away))
    alone = {result.contest_id for result in wrong if teams[result.home] == teams[result.away] == 1}
    assert named >= {contest_id for contest_id in alone if faults[contest_id] != "lost"}, (
        "certain, since they are alone"
    )

    write(warehouse, [result for result in season if result.contest_id in faults])
    warehouse.query(f"UPDATE fact_game SET game_status = 'withdrawn' WHERE split_part(game_id, '_', 2)::int > {10**8}")
    report = audit(warehouse, page(season, season[-1].date))
    assert (report.agreed, report.findings) == (365, [])
    assert all(row["resolved_at"] is not None for row in discrepancies(warehouse))


def test_a_swap_of_two_results_of_one_team_is_found_by_the_other_teams(warehouse: Warehouse) -> None:
    truth = games("duke north-carolina", "virginia duke")
    truth = [truth[0], truth[1]._replace(date=JANUARY + DAY)]
    write(warehouse, [result.swapped() for result in truth])
    report = audit(warehouse, page(truth, JANUARY + DAY))
    assert {"North Carolina", "Virginia", "Duke"} == {finding.school for finding in report.findings}


def test_a_game_that_is_still_live_here_is_named_as_missing(warehouse: Warehouse) -> None:
    truth = games("duke north-carolina", "kansas x-college")
    write(warehouse, truth)
    warehouse.query("UPDATE fact_game SET game_status = 'live'")
    report = audit(warehouse, page(truth, JANUARY))
    assert {finding.school: finding.game_ids for finding in report.findings} == {
        "Duke": ("ncaam_1",),
        "North Carolina": ("ncaam_1",),
        "Kansas": ("ncaam_2",),
    }
    assert "ncaam_1 is over: duke won" in report.findings[0].finding


def test_games_before_the_opening_day_are_exhibitions_and_draws_do_not_count(warehouse: Warehouse) -> None:
    exhibition = games("duke kansas", start=10, date=day("2025-11-02"))
    truth = games("duke north-carolina", "x-college kansas", date=day("2025-11-03"))
    write(warehouse, [*exhibition, *truth])
    draw = games("iowa drake", start=30, date=day("2025-11-03"))
    write(warehouse, [draw[0]._replace(away_score=80)])
    report = audit(warehouse, page(truth, day("2025-11-03")))
    assert report.findings == []
    [record] = warehouse.query("SELECT * FROM team_record WHERE team_id = 'ncaam_duke'")
    assert (record["wins"], record["losses"], record["conference_wins"], record["streak"]) == (1, 0, 1, 1)
    [kansas] = warehouse.query("SELECT * FROM team_record WHERE team_id = 'ncaam_kansas' AND is_latest")
    assert (kansas["wins"], kansas["losses"]) == (0, 1), "a game against an outsider counts"


def test_a_forfeit_counts_as_it_is_scored(warehouse: Warehouse) -> None:
    truth = [games("duke north-carolina")[0]._replace(home_score=2, away_score=0)]
    write(warehouse, truth)
    assert audit(warehouse, page(truth, JANUARY)).findings == []


def test_a_vacated_win_stays_a_discrepancy_until_somebody_explains_it(warehouse: Warehouse) -> None:
    write(warehouse, games("duke north-carolina"))
    for later in range(2):
        report = audit(warehouse, page([], JANUARY), JANUARY + DAY * (later + 1))
    assert {finding.school for finding in report.findings} == {"Duke", "North Carolina"}
    rows = discrepancies(warehouse)
    assert [(row["first_seen"], row["last_seen"]) for row in rows] == [(JANUARY + DAY, JANUARY + DAY * 2)] * 2


def test_conference_tournaments_do_not_count_for_the_conference_record(warehouse: Warehouse) -> None:
    season = games("duke north-carolina", "duke virginia", date=day("2026-02-28"))
    final = games("north-carolina duke", start=9, date=day("2026-03-14"))
    truth = [*season, final[0]._replace(counts_for_conference=False)]
    write(warehouse, truth)
    assert audit(warehouse, page(truth, day("2026-03-15"))).findings == []


def test_a_page_older_than_the_newest_games_is_stale_and_changes_nothing(warehouse: Warehouse) -> None:
    truth = [*games("duke north-carolina"), *games("duke kansas", start=5, date=JANUARY + DAY)]
    write(warehouse, truth)
    report = audit(warehouse, page([], JANUARY), JANUARY + DAY * 2)
    assert report.agreed == 0
    assert set(report.not_compared.values()) == {
        "The page is stale: it was updated at 2026-01-11 05:50 ET, and games of 2026-01-11 are final."
    }
    assert discrepancies(warehouse) == []


def test_a_page_whose_records_do_not_move_while_games_are_played_is_stale(warehouse: Warehouse) -> None:
    first = games("duke north-carolina")
    write(warehouse, first)
    assert audit(warehouse, page(first, JANUARY)).agreed == 365
    write(warehouse, games("duke kansas", start=5, date=JANUARY + DAY))
    report = audit(warehouse, page(first, JANUARY + DAY))
    assert "still shows the records of 2026-01-11, though 1 games were played since" in report.not_compared["Duke"]
    assert discrepancies(warehouse) == []


def test_a_page_that_is_frozen_since_the_last_season_is_stale_once_games_are_played(warehouse: Warehouse) -> None:
    truth = games("duke north-carolina", date=day("2025-04-06"))
    frozen = page(truth, day("2025-04-07"))
    write(warehouse, truth)
    assert audit(warehouse, frozen, day("2025-11-03")).agreed == 365
    write(warehouse, games("kansas iowa", start=5, date=day("2025-11-04")))
    assert set(audit(warehouse, frozen, day("2025-11-05")).not_compared.values()) == {
        "The page is stale: it was updated at 2025-04-08 05:50 ET, and games of 2025-11-04 are final."
    }


def test_standings_of_an_earlier_morning_end_no_discrepancy(warehouse: Warehouse) -> None:
    truth = [*games("duke north-carolina"), *games("duke kansas", start=5, date=JANUARY + DAY)]
    write(warehouse, [truth[0], truth[1].swapped()])
    audit(warehouse, page(truth, JANUARY + DAY))
    assert audit(warehouse, page(truth, JANUARY)).agreed == 365
    assert [row["resolved_at"] for row in discrepancies(warehouse)] == [None, None]


def test_a_season_that_is_not_loaded_completely_is_not_compared(warehouse: Warehouse) -> None:
    truth = games("duke north-carolina")
    assert "No date of the season" in audit(warehouse, page(truth, JANUARY)).not_compared["Duke"]
    write(warehouse, truth)
    warehouse.query("UPDATE season_calendar SET games = games || '{\"2025-12-01\": 3}'")
    reason = audit(warehouse, page(truth, JANUARY)).not_compared["Duke"]
    assert reason.startswith(
        "1 dates of the season up to 2026-01-10 are not loaded: run `gamepulse backfill 2025-12-01"
    )
    assert discrepancies(warehouse) == []


def test_an_unknown_name_and_a_team_that_the_page_lacks_are_findings(warehouse: Warehouse) -> None:
    truth = games("duke north-carolina", "kansas iowa")
    write(warehouse, truth)
    standings = page(truth, JANUARY)
    rows = [row._replace(school="Northern Cascadia") if row.school == "Duke" else row for row in standings.rows]
    report = audit(warehouse, standings._replace(rows=rows))
    assert {finding.finding for finding in report.findings} == {
        "Northern Cascadia is on the page, and unknown to models/reference",
        "Duke is not on the page",
    }
    assert report.agreed == 364
    assert audit(warehouse, standings).findings == []
    assert all(row["resolved_at"] is not None for row in discrepancies(warehouse))


def test_a_team_that_plays_while_the_page_is_updated_is_not_compared(warehouse: Warehouse) -> None:
    truth = games("duke north-carolina", "kansas iowa")
    tonight = games("duke virginia", start=8, date=JANUARY + DAY)
    write(warehouse, [*truth, *tonight])
    standings = page([*truth, *tonight], JANUARY)._replace(open_date=JANUARY + DAY)
    report = audit(warehouse, standings)
    assert set(report.not_compared) == {"Duke", "Virginia"}
    assert report.agreed == 363


def test_simulated_standings_do_not_enter_a_database_of_real_games(warehouse: Warehouse) -> None:
    write(warehouse, games("duke north-carolina"))
    with pytest.raises(MixedGamesError, match="use another database"):
        audit(warehouse, page([], JANUARY)._replace(is_simulated=True))


def test_another_difference_of_the_same_team_is_another_finding(warehouse: Warehouse) -> None:
    truth = [*games("duke north-carolina"), *games("duke kansas", start=5, date=JANUARY + DAY)]
    write(warehouse, [truth[0].swapped()])
    audit(warehouse, page(truth, JANUARY))
    write(warehouse, [truth[1].swapped()])
    audit(warehouse, page(truth, JANUARY + DAY))
    duke = [row for row in discrepancies(warehouse) if row["school"] == "Duke"]
    assert [(row["difference"], row["game_ids"]) for row in duke] == [
        ("+1 -1 +1 -1", ["ncaam_1"]),
        ("+2 -2 +1 -1", ["ncaam_1", "ncaam_5"]),
    ]
    assert "differ in another way" in duke[0]["resolved_because"]
    assert duke[1]["resolved_at"] is None


def test_the_names_of_all_schools_are_known() -> None:
    assert len({team.short_name for team in BY_SLUG.values()}) == 365
