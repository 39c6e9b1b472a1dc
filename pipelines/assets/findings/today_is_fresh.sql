SELECT
    'WARN' AS severity,
    format('today, %s, was %s', CAST(:today AS date),
        coalesce('last fetched at ' || max(fetched_at), 'never fetched')) AS finding,
    CAST(:today AS date) AS game_date
FROM scoreboard
WHERE game_date = CAST(:today AS date)
HAVING coalesce(
    max(fetched_at) NOT BETWEEN CAST(:now AS timestamptz) - CAST(:stale_after AS interval)
        AND CAST(:now AS timestamptz) + INTERVAL '60 seconds',  -- a clock went back
    TRUE
)
