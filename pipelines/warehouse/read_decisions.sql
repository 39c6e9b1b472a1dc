-- $1 sport: moments at which people decided about games, or undid it.
SELECT game_id, moment
FROM resolution
CROSS JOIN LATERAL (VALUES (created_at), (closed_at)) AS moments (moment)
WHERE sport = $1::text
  AND game_id IS NOT NULL
  AND moment IS NOT NULL
