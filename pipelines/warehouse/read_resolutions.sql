-- $1 sport, $2 US Eastern date, $3 moment by the database's clock, in the past for a replay: what people had decided about
-- games and then held.
SELECT resolution_id, split_part(game_id, '_', 2)::bigint AS contest_id, game_status
FROM resolution
WHERE sport = $1::text
  AND game_id IS NOT NULL
  AND created_at <= $3::timestamptz
  AND (closed_at IS NULL OR closed_at > $3::timestamptz)
  AND (until IS NULL OR until >= $2::date)
