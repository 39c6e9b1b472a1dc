-- $1 sport, $2 game date: what the loads before this one left.
SELECT
    (SELECT fetched_at FROM scoreboard WHERE sport = $1::text AND game_date = $2::date) AS fetched_at,
    (SELECT is_simulated FROM scoreboard LIMIT 1) AS is_simulated,
    EXISTS (SELECT FROM rejected_game WHERE sport = $1::text) AS has_rejects
