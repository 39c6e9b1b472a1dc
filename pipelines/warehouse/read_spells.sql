-- $1 sport, $2 endpoint, $3 subjects: their spells, in the order of loads.
SELECT
    sighting_id, subject, sha256, outcome, reason, source_url, is_simulated, games_expected, answers,
    first_fetched_at, last_fetched_at, first_updated_at, last_updated_at, first_recorded_at, last_recorded_at
FROM archive.sighting
WHERE sport = $1::text
  AND endpoint = $2::text
  AND subject = ANY ($3::text[])
  -- A request for details that failed is why a game has no venue.
  AND (status = 200 OR endpoint = 'details')
ORDER BY first_recorded_at, sighting_id
