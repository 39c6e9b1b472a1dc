-- $1 sport, $2 season, $3 last game date. A game changed when its state, score, date or teams did; games older than
-- game_history when their row was last written.
SELECT
    game.game_id,
    game.game_date,
    home.slug AS home,
    away.slug AS away,
    game.home_score,
    game.away_score,
    game.game_status = 'final' AND game.home_score <> game.away_score
        AND game.game_date >= date_trunc('week', make_date(game.season, 11, 7)::timestamp)::date AS is_counted,
    game.rivalry_factor > 1 AS is_conference,
    coalesce(
        (SELECT max(history.changed_at) FROM game_history AS history WHERE history.game_id = game.game_id),
        game.updated_at
    ) AS changed_at
FROM fact_game AS game
JOIN dim_team AS home ON home.team_key = game.home_team_key
JOIN dim_team AS away ON away.team_key = game.away_team_key
WHERE game.sport = $1 AND game.season = $2 AND game.game_date <= $3
