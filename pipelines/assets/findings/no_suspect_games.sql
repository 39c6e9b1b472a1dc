SELECT
    'WARN' AS severity,
    format('%s of %s: %s', game_id, game_date, rtrim(suspect_reason, '.')) AS finding,
    game_date
FROM fact_game
WHERE suspect_reason IS NOT NULL
ORDER BY game_date DESC, game_id
