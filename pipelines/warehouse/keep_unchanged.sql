-- $1 sport, $2 endpoint, $3 subject, $4 SHA-256 of the body, $5 outcome, $6 reason, $7 status, $8 headers, $9 source URL,
-- $10 whether simulated, $11 games expected, $12 moment, $13 the answer's `updated_at`.
-- Prolongs the last spell of the subject if this answer equals it. No indexed column changes, so the update is a small one.
UPDATE archive.sighting AS spell
SET answers = spell.answers + 1,
    headers = $8::jsonb,
    last_fetched_at = least($12::timestamptz, clock_timestamp() + INTERVAL '60 seconds'),
    last_updated_at = CASE WHEN $13::timestamptz <= clock_timestamp() + INTERVAL '60 seconds' THEN $13::timestamptz END,
    last_recorded_at = clock_timestamp()
WHERE sighting_id = (
    SELECT max(sighting_id) FROM archive.sighting WHERE sport = $1::text AND endpoint = $2::text AND subject = $3::text
)
  AND (sha256, outcome, reason, status, source_url, is_simulated, games_expected) IS NOT DISTINCT FROM
      ($4::bytea, $5::text, $6::text, $7::smallint, $9::text, $10::boolean, $11::int)
RETURNING sighting_id
