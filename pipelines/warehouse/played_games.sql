-- The final games of a season, for the rule of neutral sites; $1 sport, $2 season.
SELECT
    game.game_id,
    game_date,
    home_team_key,
    away_team_key,
    CASE WHEN rivalry_factor > 1 THEN home.conference_id END AS conference_id,
    bracket_round,
    venue_key,
    city,
    state,
    is_neutral_site,
    neutral_site_basis,
    neutral_site_confidence
FROM fact_game AS game
JOIN game_detail USING (game_id)
JOIN dim_team AS home ON home.team_key = home_team_key
LEFT JOIN dim_venue USING (venue_key)
WHERE game.sport = $1
  AND game.season = $2
  AND game_status = 'final'
