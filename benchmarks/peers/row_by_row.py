"""The way of SQLModel's tutorial, row by row: per date one session and one request at a time.

Each game costs two team look-ups, an existence check and an upsert. It uses our parser, so that all values are equal.
"""

import asyncio
import datetime as dt
import os
from decimal import Decimal

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks.peers.contender import dates_between, run
from models.dim_date import DimDate  # noqa: F401 - a foreign key refers to it
from models.dim_team import DimTeam
from models.fact_game import FactGame
from pipelines.ncaa.client import NcaaClient
from pipelines.ncaa.game import Game, TeamLine
from pipelines.ncaa.league import MENS_BASKETBALL
from pipelines.ncaa.scoreboard import ParsedScoreboard, parse_scoreboard
from pipelines.seasons import season_of


def load(first: dt.date, last: dt.date) -> None:
    asyncio.run(_load(first, last))


async def _load(first: dt.date, last: dt.date) -> None:
    url = os.environ["DATABASE_URL"]
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url))
    async with NcaaClient(os.environ["NCAA_API_URL"]) as client:
        for date in dates_between(first, last):
            await _load_date(engine, parse_scoreboard(await client.scoreboard(MENS_BASKETBALL, date)))
    await engine.dispose()


async def _load_date(engine: AsyncEngine, scoreboard: ParsedScoreboard) -> None:
    season = season_of(scoreboard.game_date)
    async with AsyncSession(engine) as session:
        for game in scoreboard.games:
            home = await _team(session, game.home, season)
            away = await _team(session, game.away, season)
            await _upsert(session, scoreboard, game, home, away)
        await session.commit()


async def _team(session: AsyncSession, line: TeamLine, season: int) -> DimTeam:
    team_id = f"ncaam_{line.slug}"
    query = select(DimTeam).where(DimTeam.team_id == team_id, DimTeam.season == season)
    team = (await session.exec(query)).first()
    if team is None:
        team = DimTeam(
            team_id=team_id,
            season=season,
            sport="ncaam",
            slug=line.slug,
            team_name=line.team_name or line.slug,
            abbreviation=line.abbreviation,
            conference_id=line.conference_id,
            valid_from=dt.date(season, 8, 1),
            is_current=True,
            team_name_watermark=0,
            full_name_watermark=0,
            abbreviation_watermark=0,
            conference_watermark=0,
        )
        session.add(team)
        await session.flush()  # for its key
    return team


async def _upsert(
    session: AsyncSession, scoreboard: ParsedScoreboard, game: Game, home: DimTeam, away: DimTeam
) -> None:
    game_id = f"ncaam_{game.contest_id}"
    row = (await session.exec(select(FactGame).where(FactGame.game_id == game_id))).first()
    if row is None:
        row = FactGame(game_id=game_id, sport="ncaam", feed=scoreboard.feed)
        session.add(row)
    same = home.conference_id == away.conference_id != "independent"
    row.game_date = scoreboard.game_date
    row.game_date_key = int(f"{scoreboard.game_date:%Y%m%d}")
    row.home_team_key, row.away_team_key = home.team_key, away.team_key
    row.game_status, row.game_start_time = game.status, game.start_time
    row.home_score, row.away_score = game.home.score, game.away.score
    row.game_period, row.game_clock, row.overtime_periods = game.period, game.clock, game.overtime_periods
    row.home_rank, row.away_rank = game.home.rank, game.away.rank
    row.home_seed, row.away_seed = game.home.seed, game.away.seed
    row.bracket_round, row.network = game.bracket_round, game.network
    row.rivalry_factor = Decimal("1.20") if same else Decimal("1.00")
    row.updated_at = dt.datetime.now(dt.UTC)
    await session.flush()


if __name__ == "__main__":
    run(load)
