SELECT
    'WARN' AS severity,
    format(
        '%s, requested by %s, %s%s',
        game_date,
        requested_by,
        CASE WHEN fetched_at IS NULL THEN 'was never loaded' ELSE 'failed when it was last requested' END,
        ': ' || last_reason
    ) AS finding,
    game_date
FROM requested_date
LEFT JOIN scoreboard USING (sport, game_date)
WHERE game_date < CAST(:today AS date)
  AND (fetched_at IS NULL OR (fetched_at < last_requested_at AND last_reason IS NOT NULL))
  AND (last_reason IS NOT NULL OR last_requested_at < CAST(:now AS timestamptz) - INTERVAL '1 hour')
ORDER BY game_date DESC
