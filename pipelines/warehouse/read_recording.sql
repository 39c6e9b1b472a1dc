-- $1 sport, $2 game date, $3 season: all that the archive has about the date and its games, and the calendars of the season.
SELECT
    sport, endpoint, subject, source_url, status, headers::text, outcome, reason, games_expected, is_simulated, answers,
    first_fetched_at, last_fetched_at, content
FROM archive.sighting
JOIN archive.body USING (sha256)
WHERE sport = $1::text
  AND (
      (endpoint = 'scoreboard' AND subject = $2::text)
      OR (endpoint = 'calendar' AND subject = $3::text)
      OR (endpoint = 'details' AND subject IN (
          SELECT split_part(game_id, '_', 2) FROM fact_game WHERE sport = $1::text AND game_date = $2::text::date
      ))
  )
ORDER BY first_recorded_at, sighting_id
