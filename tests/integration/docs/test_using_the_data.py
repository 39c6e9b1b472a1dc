"""Runs the queries and the endpoint of docs/using-the-data.md, unchanged, on simulated games."""

import asyncio
import datetime as dt
import importlib.util
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import sqlalchemy as sa

from pipelines.ncaa.game import Game
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.postgres.url import psycopg2_url
from pipelines.seasons import eastern_date, season_of

from .conftest import WATCHED, Season

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs/using-the-data.md").read_text()
SECTIONS = dict(part.split("\n", 1) for part in DOCUMENT.split("\n## ")[1:])


def block(heading: str, language: str) -> str:
    """Returns the code block of a language under a heading."""
    [code] = re.findall(rf"```{language}\n(.*?)```", SECTIONS[heading], re.DOTALL)
    return str(code)


@pytest.fixture
def run_query(season: Season) -> Iterator[Any]:
    """Runs the query under a heading as `gamepulse_reader`."""
    engine = sa.create_engine(psycopg2_url(season.reader, "public"))

    def run(heading: str) -> list[dict[str, Any]]:
        with engine.connect() as connection:
            return [dict(row) for row in connection.exec_driver_sql(block(heading, "sql")).mappings()]

    yield run
    engine.dispose()


def final_games(season: Season, year: int) -> Iterator[tuple[dt.date, Game]]:
    """Yields the games of a season, all of which are final."""
    for scoreboard in season.scoreboards:
        if season_of(scoreboard.game_date) == year:
            yield from ((scoreboard.game_date, game) for game in scoreboard.games)


def scores(game: Game) -> tuple[int, int]:
    """Returns the home and away score of a final game."""
    assert game.home.score is not None
    assert game.away.score is not None
    return game.home.score, game.away.score


def same_conference(game: Game) -> bool:
    """Whether both teams are in one conference."""
    return game.home.conference_id == game.away.conference_id not in {None, "independent"}


def percent(share: int, of: int) -> Decimal:
    """Returns a share in percent, rounded to one decimal."""
    return round(Decimal(100 * share) / of, 1)


def test_the_document_has_eight_queries() -> None:
    assert len(re.findall("```sql\n", DOCUMENT)) == 8


def test_standings_are_the_wins_and_losses_within_conferences(season: Season, run_query: Any) -> None:
    won: Counter[tuple[str | None, str | None]] = Counter()
    lost: Counter[tuple[str | None, str | None]] = Counter()
    for _, game in final_games(season, 2025):
        if same_conference(game) and game.bracket_round is None:
            home, away = scores(game)
            winner, loser = (game.home, game.away) if home > away else (game.away, game.home)
            won[winner.conference_name, winner.team_name] += 1
            lost[loser.conference_name, loser.team_name] += 1
    found = run_query("The standings of each conference")
    assert {(row["conference_name"], row["team_name"]): (row["won"], row["lost"]) for row in found} == {
        team: (won[team], lost[team]) for team in won | lost
    }
    assert len({row["conference_name"] for row in found}) == 31
    first_of_each = {row["conference_name"]: row["won"] for row in reversed(found)}
    assert all(row["won"] <= first_of_each[row["conference_name"]] for row in found)


def test_home_advantage_is_computed_per_season(season: Season, run_query: Any) -> None:
    expected = []
    for year in (2024, 2025):
        played = [
            scores(game)
            for date, game in final_games(season, year)
            if same_conference(game) and date.month in {1, 2}
        ]  # fmt: skip
        margin = round(Decimal(sum(home - away for home, away in played)) / len(played), 1)
        wins = percent(sum(home > away for home, away in played), len(played))
        expected.append((f"{year}-{year % 100 + 1}", len(played), wins, margin))
    found = [tuple(row.values()) for row in run_query("Home advantage per season")]
    assert found == expected
    assert all(50 < wins < 80 and 0 < margin < 8 for _, _, wins, margin in found)


def test_upsets_are_losses_of_ranked_teams_to_lower_ones(season: Season, run_query: Any) -> None:
    expected = set()
    for date, game in final_games(season, 2025):
        home, away = scores(game)
        winner, loser = (game.home, game.away) if home > away else (game.away, game.home)
        if loser.rank is not None and (winner.rank is None or loser.rank < winner.rank):
            expected.add((date, loser.rank, loser.team_name, winner.rank, winner.team_name, winner.score, loser.score))
    found = run_query("Ranked teams that lost to a lower-ranked one")
    assert {tuple(row.values()) for row in found} == expected != set()
    assert [row["loser_rank"] for row in found] == sorted(row["loser_rank"] for row in found)


def test_tournament_upsets_are_counted_per_round(season: Season, run_query: Any) -> None:
    games: Counter[str | None] = Counter()
    upsets: Counter[str | None] = Counter()
    for _, game in final_games(season, 2025):
        if game.bracket_round is not None:
            assert game.home.seed is not None
            assert game.away.seed is not None
            home, away = scores(game)
            games[game.bracket_round] += 1
            upsets[game.bracket_round] += (home > away) if game.home.seed > game.away.seed else False
            upsets[game.bracket_round] += (away > home) if game.away.seed > game.home.seed else False
    found = [tuple(row.values()) for row in run_query("Upsets in each round of the tournament")]
    assert found == [(2025, name, games[name], upsets[name]) for name in MENS_BASKETBALL.rounds]
    assert [row[2] for row in found] == [4, 32, 16, 8, 4, 2, 1]
    assert found[0][3] == 0, "teams of one seed meet in the First Four"
    assert found[1][3] > 0


def test_close_games_went_to_overtime_or_ended_within_three_points(season: Season, run_query: Any) -> None:
    close: defaultdict[str | None, list[bool]] = defaultdict(list)
    for _, game in final_games(season, 2025):
        if same_conference(game):
            home, away = scores(game)
            close[game.home.conference_name].append(game.overtime_periods > 0 or abs(home - away) <= 3)
    found = run_query("Close games per conference")
    assert {row["conference_name"]: (row["games"], row["close_percent"]) for row in found} == {
        name: (len(games), percent(sum(games), len(games))) for name, games in close.items()
    }
    shares = [row["close_percent"] for row in found]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]


def test_corrections_are_finals_whose_score_changed_and_when(season: Season, run_query: Any) -> None:
    before = {game.contest_id: scores(game) for game in season.watched[-1].games if game.status == "final"}
    [after] = [board for board in season.scoreboards if board.game_date == WATCHED]
    corrected = {
        (WATCHED, after.fetched_at, game.home.team_name, game.away.team_name, *before[game.contest_id], *scores(game))
        for game in after.games
        if before.get(game.contest_id, scores(game)) != scores(game)
    }
    columns = ["game_date", "changed_at", "home", "away", "home_before", "away_before", "home_score", "away_score"]
    found = run_query("Final scores that the NCAA corrected")
    assert {tuple(row[column] for column in columns) for row in found} == corrected != set()


def test_half_times_are_as_they_were_shown(season: Season, run_query: Any) -> None:
    shown = {
        f"ncaam_{game.contest_id}": (*scores(game), game.home.team_name)
        for board in season.watched
        for game in board.games
        if game.period == "halftime"
    }
    found = run_query("What was shown at half-time")
    assert {row["game_id"]: (row["home_score"], row["away_score"], row["home"]) for row in found} == shown
    assert len(shown) > 10


def test_home_margins_are_apart_for_neutral_sites_and_undecided_games(season: Season, run_query: Any) -> None:
    margins: defaultdict[str, list[int]] = defaultdict(list)
    for _, game in final_games(season, 2025):
        home, away = scores(game)
        # A few dates of a season tell no team's usual venue: all but the NCAA tournament is undecided.
        margins["undecided" if game.bracket_round is None else "true"].append(home - away)
    found = {row["is_neutral_site"]: row for row in run_query("Home advantage without neutral sites")}
    assert found.keys() == margins.keys()
    for site, games in margins.items():
        assert found[site]["games"] == len(games)
        assert found[site]["home_margin"] == round(Decimal(sum(games)) / len(games), 2)
        assert found[site]["home_wins_percent"] == percent(sum(margin > 0 for margin in games), len(games))


def test_the_endpoint_serves_the_games_of_a_date_read_only(
    season: Season, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", season.reader.render_as_string(hide_password=False))
    path = tmp_path / "scores.py"
    path.write_text(block("The scoreboard in an application", "python"))
    spec = importlib.util.spec_from_file_location("scores", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    async def get(*paths: str) -> list[httpx.Response]:
        transport = httpx.ASGITransport(module.app)
        async with (
            module.app.router.lifespan_context(module.app),
            httpx.AsyncClient(transport=transport, base_url="http://app") as client,
        ):
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await module.app.state.pool.execute("DELETE FROM fact_game")
            return [await client.get(path) for path in paths]

    on_date, today, malformed = asyncio.run(get("/games?date=2026-04-06", "/games", "/games?date=tomorrow"))
    [final] = [game for date, game in final_games(season, 2025) if date == dt.date(2026, 4, 6)]
    [shown] = on_date.json()
    assert shown["game_id"] == f"ncaam_{final.contest_id}"
    assert (shown["home"], shown["away"]) == (final.home.team_name, final.away.team_name)
    assert (shown["home_score"], shown["away_score"]) == scores(final)
    assert dt.datetime.fromisoformat(shown["game_start_time"]) == final.start_time
    assert eastern_date(dt.datetime.now(dt.UTC)) not in {scoreboard.game_date for scoreboard in season.scoreboards}
    assert (today.status_code, today.json()) == (200, [])
    assert malformed.status_code == 422
