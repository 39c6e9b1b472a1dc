WITH season_day AS (
    -- Between the dates that are in: what is before or after them nobody asked for, but this season runs up to yesterday.
    SELECT
        CAST(
            generate_series(
                min(game_date),
                CASE WHEN season = :season THEN CAST(:today AS date) - 1 ELSE max(game_date) END,
                INTERVAL '1 day'
            ) AS date
        ) AS game_date
    FROM scoreboard
    JOIN dim_date ON full_date = game_date
    GROUP BY season
)

SELECT
    (SELECT count(*) FROM scoreboard) AS dates_in,
    (SELECT min(game_date) FROM scoreboard) AS first_date,
    (SELECT max(game_date) FROM scoreboard) AS last_date,
    (SELECT count(*) FROM fact_game WHERE game_status <> 'withdrawn') AS games,
    (SELECT max(fetched_at) FROM scoreboard) AS last_fetched_at,
    ARRAY(
        SELECT game_date
        FROM season_day
        WHERE extract(month FROM game_date) <> ALL (:off_season)
          AND game_date NOT IN (SELECT game_date FROM scoreboard)
        ORDER BY game_date
    ) AS missing,
    ARRAY(
        SELECT game_date
        FROM scoreboard
        WHERE settled_at IS NULL AND game_date < CAST(:today AS date) - 2
        ORDER BY game_date
    ) AS late,
    pg_database_size(current_database()) AS database_bytes
