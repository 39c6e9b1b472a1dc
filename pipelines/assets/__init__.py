"""What is kept up to date, and its checks."""

from pipelines.assets.checks import table_checks
from pipelines.assets.coverage_report import coverage_report
from pipelines.assets.ncaa_game_details import ncaa_game_details
from pipelines.assets.ncaa_games import ncaa_games
from pipelines.assets.standings import ncaa_standings
from pipelines.assets.upcoming import ncaa_upcoming_games

__all__ = [
    "coverage_report",
    "ncaa_game_details",
    "ncaa_games",
    "ncaa_standings",
    "ncaa_upcoming_games",
    "table_checks",
]
