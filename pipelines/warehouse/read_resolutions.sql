-- $1 sport, $2 US Eastern date: what people decided about games and still holds.
SELECT resolution_id, split_part(game_id, '_', 2)::bigint AS contest_id, game_status
FROM resolution
WHERE sport = $1::text
  AND game_id IS NOT NULL
  AND closed_at IS NULL
  AND (until IS NULL OR until >= $2::date)
