"""Decisions of people: the status of a game, or findings of a check that are accepted. docs/rules.md, "Resolutions"."""

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from pipelines.errors import ResolutionError
from pipelines.ncaa.league import League
from pipelines.seasons import eastern_date
from pipelines.warehouse.load import TAKE_TURN, reconcile_date

STATUSES: Final = ("final", "postponed", "canceled", "withdrawn")
"""Statuses that a person can give a game. The source alone tells that a game is scheduled or live."""
UNRESOLVED_DAYS: Final = 7
"""Days after its date from which a game that is still scheduled is unresolved, as in view `unresolved_game`."""

# Expired decisions no longer hold, but are open until something takes their place.
_CLOSE_EXPIRED: Final = sa.text("""
    UPDATE resolution
    SET closed_at = now(), closed_because = 'Expired.'
    WHERE closed_at IS NULL AND until < :today
""")
_GAME: Final = sa.text("""
    SELECT game_id, game_date, game_status, home_score, away_score
    FROM fact_game
    WHERE game_id = :game_id
""")
_INSERT: Final = sa.text("""
    INSERT INTO resolution (
        sport, game_id, game_status, check_name, first_date, last_date, because, created_by, until
    )
    VALUES (:sport, :game_id, :game_status, :check_name, :first_date, :last_date, :because, :created_by, :until)
    RETURNING created_at
""")
_OPEN: Final = sa.text("""
    SELECT
        resolution.game_id, resolution.game_status, check_name, first_date, last_date, game_date, because, created_by,
        resolution.created_at, until
    FROM resolution
    LEFT JOIN fact_game ON fact_game.game_id = resolution.game_id
    WHERE resolution.sport = :sport AND closed_at IS NULL AND (until IS NULL OR until >= :today)
    ORDER BY resolution.created_at, resolution_id
""")
_CLOSE_GAME: Final = sa.text("""
    UPDATE resolution
    SET closed_at = now(), closed_because = :because
    WHERE sport = :sport AND game_id = :game_id AND closed_at IS NULL
    RETURNING closed_at
""")
_CLOSE_CHECK: Final = sa.text("""
    UPDATE resolution
    SET closed_at = now(), closed_because = :because
    WHERE sport = :sport AND closed_at IS NULL
      AND (check_name, first_date, last_date) = (:check_name, :first_date, :last_date)
""")


class Decision(NamedTuple):
    """An open resolution; names and values as in table `resolution`."""

    game_id: str | None
    game_status: str | None
    check_name: str | None
    first_date: dt.date | None
    last_date: dt.date | None
    game_date: dt.date | None
    """Date of the game."""
    because: str
    created_by: str
    created_at: dt.datetime
    until: dt.date | None

    def accepts(self, check_name: str, date: dt.date | None) -> bool:
        """Returns whether findings of a check about a date are accepted."""
        return (
            self.check_name == check_name
            and date is not None
            and self.first_date is not None
            and self.last_date is not None
            and self.first_date <= date <= self.last_date
        )


class Who(NamedTuple):
    """Who decides, why, and until which US Eastern date; None without an end."""

    created_by: str
    because: str
    until: dt.date | None = None


async def resolve_game(session: AsyncSession, league: League, game: str, status: str, who: Who) -> dt.date:
    """Gives a game a status, at once and in all later loads; returns the game's date.

    Raises:
        ResolutionError: the game is unknown, has this status or a resolution already, or a value is invalid.
    """
    if status not in STATUSES:
        raise ResolutionError(f"{status!r} is no status that can be given to a game: use one of {', '.join(STATUSES)}.")
    connection, today = await _begin(session)
    _require_reason(who, today)
    game_id = game_id_of(game, league)
    row = (await connection.execute(_GAME, {"game_id": game_id})).one_or_none()
    if row is None:
        raise ResolutionError(f"There is no game {game_id}: give a game_id of table fact_game, such as ncaam_6500123.")
    for decision in await _open_decisions(connection, league, today):
        if decision.game_id == game_id:
            raise ResolutionError(
                f"{game_id} is resolved as {decision.game_status} already, by {decision.created_by}: undo that first, "
                f"`gamepulse resolve {game_id} --undo`."
            )
    if row.game_status == status:
        raise ResolutionError(f"{game_id} is {status} already: there is nothing to resolve.")
    if status == "final" and (row.home_score is None or row.away_score is None):
        raise ResolutionError(f"{game_id} has no score, so it cannot be final: choose another status.")
    decided_at = await _insert(connection, league, who, game_id=game_id, game_status=status)
    await reconcile_date(session, league, row.game_date, decided_at)
    date: dt.date = row.game_date
    return date


async def undo_resolution(session: AsyncSession, league: League, game: str, who: Who) -> dt.date:
    """Closes the resolution of a game, which is as the source says again; returns the game's date.

    Raises:
        ResolutionError: the game has no open resolution.
    """
    connection, _ = await _begin(session)
    game_id = game_id_of(game, league)
    closed_at = await connection.scalar(
        _CLOSE_GAME, {"sport": league.sport, "game_id": game_id, "because": _undone_by(who)}
    )
    if closed_at is None:
        raise ResolutionError(f"{game_id} has no resolution to undo: `gamepulse status` lists those that hold.")
    date: dt.date = (await connection.execute(_GAME, {"game_id": game_id})).one().game_date
    await reconcile_date(session, league, date, closed_at)
    return date


async def accept_findings(
    session: AsyncSession, league: League, first: dt.date, last: dt.date, check_name: str, who: Who
) -> None:
    """Accepts the findings of a check about a range of dates: they no longer fail the check.

    Raises:
        ResolutionError: the findings are accepted already, or a value is invalid.
    """
    connection, today = await _begin(session)
    _require_reason(who, today)
    for decision in await _open_decisions(connection, league, today):
        if decision.accepts(check_name, first) and decision.accepts(check_name, last):
            raise ResolutionError(
                f"{check_name} is accepted from {decision.first_date} to {decision.last_date} already, by "
                f"{decision.created_by}."
            )
    await _insert(connection, league, who, check_name=check_name, first_date=first, last_date=last)


async def undo_acceptance(
    session: AsyncSession, league: League, first: dt.date, last: dt.date, check_name: str, who: Who
) -> None:
    """Closes an acceptance of exactly this range.

    Raises:
        ResolutionError: there is none.
    """
    connection, _ = await _begin(session)
    values = {"sport": league.sport, "check_name": check_name, "first_date": first, "last_date": last}
    closed = await connection.execute(_CLOSE_CHECK, {**values, "because": _undone_by(who)})
    if closed.rowcount == 0:
        raise ResolutionError(
            f"{check_name} is not accepted from {first} to {last}: `gamepulse status` lists the ranges that are."
        )


async def read_decisions(connection: AsyncConnection, league: League, today: dt.date) -> Sequence[Decision]:
    """Returns the decisions that hold on a US Eastern date, oldest first."""
    return await _open_decisions(connection, league, today)


def game_id_of(game: str, league: League) -> str:
    """Returns the `game_id` of a game given as such or as a contest id."""
    return f"{league.sport}_{game}" if game.isdecimal() else game


async def _begin(session: AsyncSession) -> tuple[AsyncConnection, dt.date]:
    """Waits for the turn of a load; returns the connection and today's US Eastern date by the database's clock."""
    connection = await session.connection()
    await connection.execute(TAKE_TURN)
    today = eastern_date(await connection.scalar(sa.text("SELECT clock_timestamp()")))
    await connection.execute(_CLOSE_EXPIRED, {"today": today})
    return connection, today


def _require_reason(who: Who, today: dt.date) -> None:
    if not who.because.strip():
        raise ResolutionError('A decision needs a reason: give it with --because "…".')
    if who.until is not None and who.until < today:
        raise ResolutionError(f"--until {who.until} is over, today is {today}: give a later date, or none.")


async def _open_decisions(connection: AsyncConnection, league: League, today: dt.date) -> Sequence[Decision]:
    rows = await connection.execute(_OPEN, {"sport": league.sport, "today": today})
    return [Decision(*row) for row in rows]


async def _insert(connection: AsyncConnection, league: League, who: Who, **values: object) -> dt.datetime:
    """Returns when the decision was made."""
    columns = dict.fromkeys(("game_id", "game_status", "check_name", "first_date", "last_date")) | values
    made = await connection.execute(
        _INSERT,
        {
            **columns,
            "sport": league.sport,
            "because": who.because.strip(),
            "created_by": who.created_by,
            "until": who.until,
        },
    )
    created_at: dt.datetime = made.scalar_one()
    return created_at


def _undone_by(who: Who) -> str:
    reason = who.because.strip()
    return f"Undone by {who.created_by}: {reason}" if reason else f"Undone by {who.created_by}."
