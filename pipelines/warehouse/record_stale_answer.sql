-- $1 sport, $2 game date, $3 moment of an answer that was older than the one loaded.
UPDATE scoreboard
SET last_stale_at = greatest(last_stale_at, $3::timestamptz)
WHERE sport = $1::text
  AND game_date = $2::date
