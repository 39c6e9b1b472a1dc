-- One finding per date and reason.
SELECT
    'WARN' AS severity,
    format('%s has %s final games without a venue, such as %s: %s', game_date, count(*), min(game_id), reason)
        AS finding,
    game_date
FROM (
    SELECT game_date, game_id, rtrim(coalesce(missing_reason, 'no details were requested'), '.') AS reason
    FROM fact_game
    LEFT JOIN game_detail USING (game_id)
    WHERE game_status = 'final'
      AND venue_key IS NULL
      AND game_date BETWEEN CAST(:today AS date) - CAST(:details_days AS int) AND CAST(:today AS date) - 2
      AND created_at < CAST(:now AS timestamptz) - INTERVAL '1 day'  -- a morning's schedule has passed
) AS missing
GROUP BY game_date, reason
ORDER BY game_date DESC, min(game_id)
