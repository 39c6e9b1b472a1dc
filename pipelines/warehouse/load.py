"""Puts one scoreboard into the star schema: one transaction a date, a fixed number of statements.

The rules are those of the design, section 6; each `.sql` file beside this module says which it carries out.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession

from pipelines.errors import MixedGamesError
from pipelines.ncaa.scoreboard import ParsedScoreboard
from pipelines.seasons import eastern_date, season_of, settles_at
from pipelines.warehouse.teams import team_seasons

if TYPE_CHECKING:
    import asyncpg

LOAD_LOCK: Final = 4_617_366
"""Any number, the same for all processes: loads take turns."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What one load did. The games processed are inserted, updated, unchanged, suspect, rejected or undecided."""

    games_processed: int
    games_unchanged: int
    games_rejected: int
    games_expected: int | None
    """What the season's calendar has that day; None when unknown."""
    games_final: int
    games_live: int
    games_scheduled: int
    games_inserted: int = 0
    games_updated: int = 0
    games_suspect: int = 0
    """Not applied: a final game of a past date turned back, or the legacy feed contradicting the current one."""
    games_withdrawn: int = 0
    """Newly withdrawn: left the scoreboard, or re-issued under a newer contest id."""
    games_undecided: int = 0
    """Announced with an undecided team: no row yet."""
    teams_inserted: int = 0
    teams_updated: int = 0
    is_stale: bool = False
    """A later fetch of the date was loaded already, so this one changed nothing."""

    def counts(self) -> dict[str, int]:
        """The numbers that are known, by name: what logs and metadata carry."""
        return {name: value for name, value in asdict(self).items() if type(value) is int}


async def load_scoreboard(
    session: AsyncSession, scoreboard: ParsedScoreboard, *, games_expected: int | None = None
) -> LoadReport:
    """Loads a scoreboard in the session's transaction; the caller commits.

    `games_expected` is what the season's calendar has that day, None when unknown: only a scoreboard with as many
    games is complete, so that games missing from it are withdrawn.

    Raises:
        MixedGamesError: simulated games for a database of real ones, or the other way round.
    """
    transaction = await session.connection()
    await transaction.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOAD_LOCK})
    raw = await transaction.get_raw_connection()
    connection: asyncpg.Connection[Any] = raw.driver_connection  # type: ignore[assignment]

    date, feed, fetched_at = scoreboard.game_date, scoreboard.feed, scoreboard.fetched_at
    sport, season = scoreboard.league.sport, season_of(date)
    before = await connection.fetchrow(_sql("read_watermark"), sport, date)
    assert before is not None
    if before["is_simulated"] is not None and before["is_simulated"] != scoreboard.is_simulated:
        raise MixedGamesError(
            f"{scoreboard.source_url} serves {_kind(scoreboard.is_simulated)} games, and this database holds "
            f"{_kind(before['is_simulated'])} ones: use another database. Nothing was loaded."
        )
    if before["fetched_at"] is not None and fetched_at < before["fetched_at"]:
        return LoadReport(
            games_processed=scoreboard.games_received,
            games_unchanged=len(scoreboard.games),
            games_rejected=len(scoreboard.rejects),
            games_undecided=scoreboard.games_undecided,
            games_expected=games_expected,
            is_stale=True,
            **await _count_games(connection, sport, date),
        )

    teams = team_seasons(scoreboard)
    slugs = [team.slug for team in teams]
    await connection.execute(_sql("retire_team_seasons"), sport, season, slugs)
    team_counts = await connection.fetchrow(_sql("upsert_teams"), sport, season, *_columns(teams, _TEAM_COLUMNS))
    assert team_counts is not None

    games, rejects = scoreboard.games, scoreboard.rejects
    loaded_ids = [game.contest_id for game in games]
    rejected_ids = [reject.contest_id for reject in rejects if reject.contest_id is not None]
    # A reject that does not say which game it is may be any of those that are missing.
    has_all_games = (
        games_expected is not None and scoreboard.games_received >= games_expected and len(rejected_ids) == len(rejects)
    )
    rejected_ids += scoreboard.undecided  # listed, so not withdrawn
    game_counts = await connection.fetchrow(
        _sql("upsert_games"),
        sport,
        date,
        season,
        feed,
        fetched_at,
        eastern_date(fetched_at),
        has_all_games,
        rejected_ids,
        *_game_columns(scoreboard),
    )
    assert game_counts is not None
    assert game_counts["games_judged"] == len(games), "every game finds both its teams"
    withdrawn = await connection.fetchval(
        _sql("withdraw_games"), sport, date, feed, has_all_games, loaded_ids, rejected_ids, before["fetched_at"]
    )
    if team_counts["conference_changed"]:
        await connection.execute(_sql("recompute_rivalry"), season, team_counts["conference_changed"])
    if rejects or before["has_rejects"]:
        await connection.execute(
            _sql("replace_rejects"), sport, date, has_all_games, loaded_ids, *_columns(rejects, _REJECT_COLUMNS)
        )
    state = await _count_games(connection, sport, date)
    await connection.execute(
        _sql("record_scoreboard"),
        sport,
        date,
        feed,
        fetched_at,
        scoreboard.source_url,
        scoreboard.is_simulated,
        games_expected,
        scoreboard.games_received,
        game_counts["games_suspect"],
        fetched_at >= settles_at(date) and state["games_live"] + state["games_scheduled"] == 0,
    )
    written = game_counts["games_inserted"] + game_counts["games_updated"] + game_counts["games_suspect"]
    return LoadReport(
        games_processed=scoreboard.games_received,
        games_inserted=game_counts["games_inserted"],
        games_updated=game_counts["games_updated"],
        games_unchanged=len(games) - written,
        games_rejected=len(rejects),
        games_undecided=scoreboard.games_undecided,
        games_suspect=game_counts["games_suspect"],
        games_withdrawn=game_counts["games_withdrawn"] + withdrawn,
        games_expected=games_expected,
        teams_inserted=team_counts["teams_inserted"],
        teams_updated=team_counts["teams_updated"],
        **state,
    )


def _kind(is_simulated: bool) -> str:
    return "simulated" if is_simulated else "real"


async def _count_games(connection: "asyncpg.Connection[Any]", sport: str, date: dt.date) -> dict[str, Any]:
    row = await connection.fetchrow(_sql("count_games"), sport, date)
    assert row is not None
    return dict(row)


_TEAM_COLUMNS: Final = (
    "slug",
    "team_name",
    "team_name_watermark",
    "full_name",
    "full_name_watermark",
    "abbreviation",
    "abbreviation_watermark",
    "conference_id",
    "conference_name",
    "conference_watermark",
)
_REJECT_COLUMNS: Final = ("key", "contest_id", "reason", "payload")
_GAME_COLUMNS: Final = (
    "contest_id",
    "status",
    "start_time",
    "period",
    "clock",
    "overtime_periods",
    "bracket_round",
    "network",
)
_LINE_COLUMNS: Final = ("slug", "score", "rank", "seed")


def _columns(rows: Sequence[object], names: Sequence[str]) -> list[list[Any]]:
    """One array a column, as `unnest` takes them."""
    return [[getattr(row, name) for row in rows] for name in names]


def _game_columns(scoreboard: ParsedScoreboard) -> list[list[Any]]:
    games = scoreboard.games
    return [
        *_columns(games, _GAME_COLUMNS),
        *_columns([game.home for game in games], _LINE_COLUMNS),
        *_columns([game.away for game in games], _LINE_COLUMNS),
    ]


@cache
def _sql(name: str) -> str:
    return files("pipelines.warehouse").joinpath(f"{name}.sql").read_text(encoding="utf-8")
