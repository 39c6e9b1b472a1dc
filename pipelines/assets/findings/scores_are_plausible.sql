SELECT
    CASE WHEN home_score = away_score THEN 'ERROR' ELSE 'WARN' END AS severity,
    format('%s of %s ended %s to %s', game_id, game_date, away_score, home_score) AS finding,
    game_date
FROM fact_game
WHERE game_status = 'final'
  AND (home_score = away_score OR least(home_score, away_score) < 15 OR greatest(home_score, away_score) > 190)
ORDER BY severity, game_date DESC
