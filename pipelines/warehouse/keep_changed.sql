-- Parameters as in keep_unchanged.sql; $14 the compressed body, $15 how many refused spells of a subject are kept.
-- Begins a new spell. Moments ahead of the database's clock are void, as in the load.
WITH new_body AS (
    INSERT INTO archive.body (sha256, content) VALUES ($4::bytea, $14::bytea) ON CONFLICT (sha256) DO NOTHING
),
surplus AS (
    DELETE FROM archive.sighting
    WHERE $5::text = 'refused'
      AND sighting_id IN (
          SELECT sighting_id
          FROM archive.sighting
          WHERE sport = $1::text AND endpoint = $2::text AND subject = $3::text AND outcome = 'refused'
          ORDER BY sighting_id DESC
          OFFSET $15::int - 1
      )
)
INSERT INTO archive.sighting (
    sport, endpoint, subject, sha256, outcome, reason, status, headers, source_url, is_simulated, games_expected,
    answers, first_fetched_at, last_fetched_at, first_updated_at, last_updated_at, first_recorded_at, last_recorded_at
)
SELECT
    $1::text, $2::text, $3::text, $4::bytea, $5::text, $6::text, $7::smallint, $8::jsonb, $9::text, $10::boolean,
    $11::int, 1, fetched_at, fetched_at, updated_at, updated_at, now, now
FROM (SELECT clock_timestamp() AS now) AS clock
CROSS JOIN LATERAL (
    SELECT
        least($12::timestamptz, now + INTERVAL '60 seconds') AS fetched_at,
        CASE WHEN $13::timestamptz <= now + INTERVAL '60 seconds' THEN $13::timestamptz END AS updated_at
) AS valid
