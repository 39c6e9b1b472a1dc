"""What is kept up to date."""

from pipelines.assets.ncaa_games import ncaa_games

__all__ = ["ncaa_games"]
