"""The one list of tables. Migrations, privileges, the catalog and the document of the data model derive from it."""

from typing import Final

from sqlmodel import SQLModel

from models.dim_date import DimDate
from models.dim_team import DimTeam
from models.dim_venue import DimVenue
from models.discrepancy import Discrepancy
from models.fact_game import FactGame
from models.game_detail import GameDetail
from models.game_evidence import GameEvidence
from models.game_history import GameHistory
from models.rejected_game import RejectedGame
from models.requested_date import RequestedDate
from models.resolution import Resolution
from models.scoreboard import Scoreboard
from models.season_calendar import SeasonCalendar
from models.standing import Standing

TABLES: Final[tuple[type[SQLModel], ...]] = (
    FactGame,
    GameHistory,
    DimTeam,
    DimDate,
    GameDetail,
    DimVenue,
    Scoreboard,
    SeasonCalendar,
    GameEvidence,
    RejectedGame,
    RequestedDate,
    Resolution,
    Standing,
    Discrepancy,
)
"""In the order of the data model's document."""


def table_name(model: type[SQLModel]) -> str:
    """Name of a model's table in schema `public`."""
    return str(model.__tablename__)


TABLE_NAMES: Final = tuple(table_name(model) for model in TABLES)
