-- $1 sport, $2 dates and $3 whether each is settled: dates that a load of another date changed.
UPDATE scoreboard
SET settled_at = CASE WHEN dates.is_settled THEN fetched_at END
FROM unnest($2::date[], $3::boolean[]) AS dates (game_date, is_settled)
WHERE scoreboard.sport = $1::text
  AND scoreboard.game_date = dates.game_date
  AND (scoreboard.settled_at IS NOT NULL) <> dates.is_settled
