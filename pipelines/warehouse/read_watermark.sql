-- $1 sport, $2 game date, $3 moment of the load in a replay: what earlier loads left, and the database's clock.
SELECT
    clock_timestamp() AS now,
    scoreboard.fetched_at,
    scoreboard.source_url,
    scoreboard.feed,
    scoreboard.answer_updated_at,
    scoreboard.games_expected,
    scoreboard.games_undecided,
    (SELECT is_simulated FROM scoreboard LIMIT 1) AS is_simulated,
    EXISTS (SELECT FROM rejected_game WHERE sport = $1::text) AS has_rejects,
    EXISTS (SELECT FROM game_evidence WHERE sport = $1::text) AS has_evidence,
    EXISTS (
        SELECT FROM resolution
        WHERE sport = $1::text AND game_id IS NOT NULL AND (closed_at IS NULL OR closed_at > $3::timestamptz)
    ) AS has_resolutions
FROM (SELECT) AS always
LEFT JOIN scoreboard ON scoreboard.sport = $1::text AND scoreboard.game_date = $2::date
