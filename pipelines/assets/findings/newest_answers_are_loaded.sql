SELECT
    'WARN' AS severity,
    format('%s got a stale answer at %s, and still has that of %s', game_date, last_stale_at, fetched_at)
        AS finding,
    game_date
FROM scoreboard
WHERE last_stale_at > fetched_at
ORDER BY game_date DESC
