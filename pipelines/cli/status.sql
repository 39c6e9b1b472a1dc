WITH season_span AS (
    -- A season lasts from the first to the last loaded date with games; the current one up to yesterday, but not beyond
    -- the championship.
    SELECT
        min(game_date) AS first_date,
        CASE WHEN season = :season
            THEN least(CAST(:today AS date) - 1, (
                SELECT max(full_date)
                FROM dim_date AS championship
                WHERE championship.season = :season AND tournament_round = 'Championship'
            ))
            ELSE max(game_date)
        END AS last_date
    FROM scoreboard
    JOIN dim_date ON full_date = game_date
    WHERE games_received > 0
    GROUP BY season
),

failed AS (
    SELECT game_date, last_reason
    FROM requested_date
    LEFT JOIN scoreboard USING (sport, game_date)
    WHERE last_reason IS NOT NULL AND (fetched_at IS NULL OR fetched_at < last_requested_at)
),

missing AS (
    SELECT CAST(generate_series(first_date, last_date, INTERVAL '1 day') AS date) AS game_date
    FROM season_span
    UNION
    SELECT game_date FROM requested_date
    EXCEPT
    SELECT game_date FROM scoreboard
    EXCEPT
    SELECT game_date FROM failed
)

SELECT
    (SELECT count(*) FROM scoreboard) AS dates_in,
    (SELECT min(game_date) FROM scoreboard) AS first_date,
    (SELECT max(game_date) FROM scoreboard) AS last_date,
    (SELECT count(*) FROM fact_game WHERE game_status <> 'withdrawn') AS games,
    (SELECT max(fetched_at) FROM scoreboard) AS last_fetched_at,
    ARRAY(SELECT game_date FROM missing WHERE game_date < CAST(:today AS date) ORDER BY game_date) AS missing,
    ARRAY(
        SELECT game_date
        FROM scoreboard
        WHERE settled_at IS NULL AND game_date < CAST(:today AS date) - 2
        ORDER BY game_date
    ) AS late,
    pg_database_size(current_database()) AS database_bytes,
    (SELECT coalesce(json_object_agg(game_date, last_reason ORDER BY game_date), '{}') FROM failed) AS failed,
    ARRAY(SELECT game_date FROM scoreboard WHERE last_stale_at > fetched_at ORDER BY game_date) AS stale,
    ARRAY(
        SELECT game_date || ' ' || game_id
        FROM fact_game
        WHERE game_status = 'scheduled' AND game_date < CAST(:today AS date) - CAST(:unresolved_days AS int)
        ORDER BY game_date, game_id
    ) AS unresolved,
    ARRAY(
        SELECT
            format('%s: %s (%s, %s%s)',
                coalesce(
                    game_id || ' is ' || game_status,
                    check_name || ' accepted for ' || concat_ws(' to ', first_date, nullif(last_date, first_date))
                ),
                because, created_by, CAST(created_at AT TIME ZONE 'America/New_York' AS date), ', until ' || until)
        FROM resolution
        WHERE closed_at IS NULL AND (until IS NULL OR until >= CAST(:today AS date))
        ORDER BY created_at, resolution_id
    ) AS resolutions,
    (
        SELECT concat_ws(', ',
            format('%s of %s records equal the NCAA''s standings of %s', count(*) FILTER (WHERE agrees), count(*), as_of),
            nullif(count(*) FILTER (WHERE agrees IS NULL), 0) || ' not compared'
        )
        FROM standing
        WHERE as_of = (SELECT max(as_of) FROM standing)
        GROUP BY as_of
    ) AS audit
