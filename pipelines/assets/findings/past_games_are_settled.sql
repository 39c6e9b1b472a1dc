SELECT
    'WARN' AS severity,
    CASE WHEN fetched_at IS NULL THEN format('%s was never loaded', game_date)
        ELSE format('%s is not settled, last fetched at %s', game_date, fetched_at) END AS finding,
    game_date
FROM scoreboard
FULL JOIN (  -- days between the dates of the last month
    SELECT CAST(generate_series(min(game_date), CAST(:today AS date), INTERVAL '1 day') AS date) AS game_date
    FROM scoreboard
    WHERE game_date > CAST(:today AS date) - 30
) AS recent USING (game_date)
WHERE settled_at IS NULL
  AND (fetched_at IS NOT NULL OR game_date NOT IN (SELECT requested_date.game_date FROM requested_date))
  AND game_date < CAST(:today AS date) - 2
ORDER BY game_date DESC
