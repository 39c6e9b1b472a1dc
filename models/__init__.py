"""The star schema: what the database holds. Imports nothing from `pipelines`."""

from models.dim_date import DimDate
from models.dim_team import DimTeam
from models.fact_game import FactGame
from models.rejected_game import RejectedGame
from models.scoreboard import Scoreboard

__all__ = ["DimDate", "DimTeam", "FactGame", "RejectedGame", "Scoreboard"]
