SELECT
    'ERROR' AS severity,
    format('%s: the answer of %s could not be archived', game_date, unarchived_at) AS finding,
    game_date
FROM scoreboard
WHERE unarchived_at = fetched_at
   OR unarchived_at > CAST(:now AS timestamptz) - INTERVAL '1 day'
ORDER BY game_date DESC
