SELECT
    'WARN' AS severity,
    format('%s had moment %s, ahead of the clock', game_date, coalesce(void_fetched_at, fetched_at)) AS finding,
    game_date
FROM scoreboard
WHERE fetched_at > CAST(:now AS timestamptz) + INTERVAL '60 seconds'
   OR (void_fetched_at IS NOT NULL AND fetched_at > CAST(:now AS timestamptz) - INTERVAL '7 days')
ORDER BY game_date DESC
