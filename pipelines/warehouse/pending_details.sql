-- Final games of the dates whose venue or points by period are unknown, or whose points contradict a score that changed.
SELECT game_date, CAST(split_part(fact_game.game_id, '_', 2) AS bigint) AS contest_id
FROM fact_game
LEFT JOIN game_detail USING (game_id)
WHERE sport = :sport
  AND game_date = ANY (CAST(:dates AS date[]))
  AND game_status = 'final'
  AND (
      venue_key IS NULL
      OR home_points_by_period IS NULL
      OR (SELECT sum(points) FROM unnest(home_points_by_period) AS points) <> home_score
      OR (SELECT sum(points) FROM unnest(away_points_by_period) AS points) <> away_score
  )
ORDER BY game_date, contest_id
