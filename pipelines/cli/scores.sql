SELECT
    game.game_id,
    game.game_status,
    game.game_period,
    game.game_clock,
    game.game_start_time,
    away.team_name AS away_team,
    game.away_rank,
    game.away_score,
    home.team_name AS home_team,
    game.home_rank,
    game.home_score,
    game.overtime_periods,
    -- The rivalry factor is above 1 when both teams are in the same conference.
    CASE WHEN game.rivalry_factor > 1 THEN coalesce(home.conference_name, home.conference_id) END AS conference_game
FROM fact_game AS game
JOIN dim_team AS home ON home.team_key = game.home_team_key
JOIN dim_team AS away ON away.team_key = game.away_team_key
WHERE game.game_date = :game_date
ORDER BY game.game_start_time NULLS LAST, game.game_id
