"""The one list of views. Privileges, the catalog, exports and the document of the data model derive from it."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Column(NamedTuple):
    """A column of a view."""

    type: str
    """As PostgreSQL writes it."""
    meaning: str


class View(NamedTuple):
    """A view of schema `public`; migrations create it."""

    name: str
    description: str
    columns: Mapping[str, Column]
    """In their order."""


_SAME: Final = "As in `fact_game`."

VIEWS: Final = (
    View(
        "game",
        "One wide row per game, with the names of its teams, their conferences and the winner. Games that the NCAA "
        "withdrew are left out.",
        {
            "game_id": Column("text", _SAME),
            "sport": Column("text", _SAME),
            "season": Column("integer", _SAME),
            "season_label": Column("text", "The season as `2025-26`."),
            "game_date": Column("date", _SAME),
            "game_status": Column("text", _SAME),
            "game_start_time": Column("timestamp with time zone", _SAME),
            "away_team_id": Column("text", "The away team over all seasons."),
            "away_team": Column("text", "Short name of the away team."),
            "away_conference": Column("text", "The away team's conference that season; null for outsiders."),
            "away_rank": Column("smallint", _SAME),
            "away_seed": Column("smallint", _SAME),
            "away_score": Column("smallint", _SAME),
            "home_team_id": Column("text", "The designated home team over all seasons."),
            "home_team": Column("text", "Short name of the home team."),
            "home_conference": Column("text", "The home team's conference that season; null for outsiders."),
            "home_rank": Column("smallint", _SAME),
            "home_seed": Column("smallint", _SAME),
            "home_score": Column("smallint", _SAME),
            "winner": Column("text", "Short name of the winner; null unless final."),
            "margin": Column("integer", "Points by which the winner won; null unless final."),
            "overtime_periods": Column("smallint", _SAME),
            "is_conference_game": Column("boolean", "Both teams are of one conference, as for `rivalry_factor` 1.20."),
            "bracket_round": Column("text", _SAME),
            "network": Column("text", _SAME),
            "suspect_reason": Column("text", _SAME),
        },
    ),
    View(
        "team_game",
        "One row per team and game, from the team's side: two rows per row of `game`.",
        {
            "game_id": Column("text", _SAME),
            "sport": Column("text", _SAME),
            "season": Column("integer", _SAME),
            "season_label": Column("text", "The season as `2025-26`."),
            "game_date": Column("date", _SAME),
            "game_status": Column("text", _SAME),
            "game_start_time": Column("timestamp with time zone", _SAME),
            "is_home": Column("boolean", "The team is the designated home team."),
            "team_id": Column("text", "The team over all seasons."),
            "team": Column("text", "Short name of the team."),
            "conference": Column("text", "The team's conference that season; null for outsiders."),
            "rank": Column("smallint", "The team's poll rank around the game's day, 1 to 25."),
            "seed": Column("smallint", "The team's seed in the tournament being played."),
            "score": Column("smallint", "The team's points; null before tip-off."),
            "opponent_id": Column("text", "The opponent over all seasons."),
            "opponent": Column("text", "Short name of the opponent."),
            "opponent_conference": Column("text", "The opponent's conference that season; null for outsiders."),
            "opponent_rank": Column("smallint", "The opponent's poll rank around the game's day, 1 to 25."),
            "opponent_seed": Column("smallint", "The opponent's seed in the tournament being played."),
            "opponent_score": Column("smallint", "The opponent's points; null before tip-off."),
            "has_won": Column("boolean", "The team won; null unless final."),
            "margin": Column("integer", "The team's points less the opponent's; null unless final."),
            "overtime_periods": Column("smallint", _SAME),
            "is_conference_game": Column("boolean", "Both teams are of one conference, as for `rivalry_factor` 1.20."),
            "bracket_round": Column("text", _SAME),
            "suspect_reason": Column("text", _SAME),
        },
    ),
    View(
        "unresolved_game",
        "One row per game that is still `scheduled` more than seven days after its US Eastern date: the source never "
        "said what became of it. `gamepulse resolve` gives it a status.",
        {
            "game_id": Column("text", _SAME),
            "sport": Column("text", _SAME),
            "game_date": Column("date", _SAME),
            "away_team": Column("text", "Short name of the away team."),
            "home_team": Column("text", "Short name of the home team."),
            "days_ago": Column("integer", "Days since the game's date."),
        },
    ),
    View(
        "team_record",
        "One row per team and counted game: the team's record after it. `WHERE is_latest` gives the current record of "
        "each team and season. Final games count, from the Monday of the week of 7 November on, also those against "
        "outsiders; [the rules](rules.md#standings) say what else counts.",
        {
            "team_key": Column("bigint", "As in `dim_team`."),
            "team_id": Column("text", "As in `dim_team`."),
            "sport": Column("text", "As in `dim_team`."),
            "season": Column("integer", "As in `dim_team`."),
            "team_name": Column("text", "As in `dim_team`."),
            "conference_id": Column("text", "As in `dim_team`."),
            "game_date": Column("date", "As in `fact_game`."),
            "game_id": Column("text", "As in `fact_game`."),
            "wins": Column("bigint", "Games won in the season, up to and including this one."),
            "losses": Column("bigint", "Games lost."),
            "conference_wins": Column("bigint", "Games won against teams of the conference, also in its tournament."),
            "conference_losses": Column(
                "bigint", "Games lost against teams of the conference, also in its tournament."
            ),
            "streak": Column("bigint", "Games won in a row; negative: lost."),
            "is_latest": Column("boolean", "Whether it is the team's latest counted game of the season."),
        },
    ),
)
VIEW_NAMES: Final = tuple(view.name for view in VIEWS)
