-- $1 sport, $2 endpoint, $3 first and $4 last subject: the spells of a range of dates or seasons, in the order of loads.
SELECT
    sighting_id, subject, sha256, outcome, source_url, is_simulated, games_expected, answers,
    first_fetched_at, last_fetched_at, first_updated_at, last_updated_at, first_recorded_at, last_recorded_at
FROM archive.sighting
WHERE sport = $1::text
  AND endpoint = $2::text
  AND subject BETWEEN $3::text AND $4::text
  AND status = 200
ORDER BY first_recorded_at, sighting_id
