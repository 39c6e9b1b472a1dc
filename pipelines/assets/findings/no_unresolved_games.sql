SELECT
    'WARN' AS severity,
    format('%s of %s is still %s', game_id, game_date, game_status) AS finding,
    game_date
FROM fact_game
WHERE game_date < CAST(:today AS date)
    - CASE game_status WHEN 'scheduled' THEN CAST(:unresolved_days AS int) WHEN 'live' THEN 1 END
ORDER BY game_date DESC, game_id
