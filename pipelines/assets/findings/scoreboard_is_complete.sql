SELECT
    CASE WHEN games_expected IS NULL THEN 'WARN' ELSE 'ERROR' END AS severity,
    CASE WHEN games_expected IS NULL THEN format('%s: unknown, its calendar was never fetched', game_date)
        ELSE format('%s has %s of %s games', game_date, games_received, games_expected) END AS finding,
    game_date
FROM scoreboard
WHERE game_date <= CAST(:today AS date)  -- games of the days ahead are announced one by one
  AND (
      games_received < games_expected
      OR (games_expected IS NULL AND EXTRACT(month FROM game_date) <> ALL (:off_season))
  )
ORDER BY severity, game_date DESC
