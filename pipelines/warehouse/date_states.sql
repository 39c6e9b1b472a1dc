-- The state of each date, in the order of `:dates`.
SELECT
    day.game_date,
    last_requested_at,
    coalesce(attempts, 0) AS attempts,
    last_reason,
    last_failure_is_local,
    coalesce(repairs, 0) AS repairs,
    coalesce(outage_repairs, 0) AS outage_repairs,
    fetched_at,
    settled_at,
    games_expected,
    (
        SELECT count(*)
        FROM fact_game
        WHERE fact_game.sport = :sport
          AND fact_game.game_date = day.game_date
          AND game_status IN ('scheduled', 'live')
    ) AS games_open,
    (
        SELECT min(contradicted_since)
        FROM fact_game
        WHERE fact_game.sport = :sport
          AND fact_game.game_date = day.game_date
    ) AS contradicted_since,
    (
        SELECT max(newest.fetched_at)
        FROM scoreboard AS newest
        WHERE newest.sport = :sport
          AND newest.fetched_at <= clock_timestamp()
    ) AS newest_load_at
FROM unnest(CAST(:dates AS date[])) WITH ORDINALITY AS day (game_date, position)
LEFT JOIN requested_date ON requested_date.sport = :sport AND requested_date.game_date = day.game_date
LEFT JOIN scoreboard ON scoreboard.sport = :sport AND scoreboard.game_date = day.game_date
ORDER BY position
