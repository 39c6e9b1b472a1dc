SELECT
    'WARN' AS severity,
    format('%s of %s is suspect: %s to %s, by period %s to %s', game_id, game_date, away_score, home_score,
        coalesce(array_to_string(away_points_by_period, '+'), 'unknown'),
        coalesce(array_to_string(home_points_by_period, '+'), 'unknown')) AS finding,
    game_date
FROM fact_game
JOIN game_detail USING (game_id)
WHERE game_status = 'final'
  AND (
      home_points_by_period IS NULL
      OR (SELECT sum(points) FROM unnest(home_points_by_period) AS points) <> home_score
      OR (SELECT sum(points) FROM unnest(away_points_by_period) AS points) <> away_score
      OR cardinality(home_points_by_period) <> 2 + overtime_periods
  )
ORDER BY game_date DESC, game_id
