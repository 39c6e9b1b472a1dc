-- Records requests for game dates. `attempts` counts requests since the date was last settled, from the second day
-- after the games on: repairs stop by it, and the many requests of the first two days do not use it up.
INSERT INTO requested_date (
    sport, game_date, first_requested_at, requested_by, last_requested_at, attempts, last_reason
)
SELECT
    :sport,
    requested.game_date,
    moment.now,
    :requested_by,
    moment.now,
    CAST(requested.game_date + 2 <= CAST(moment.now AT TIME ZONE 'America/New_York' AS date) AS int),
    NULL
FROM unnest(CAST(:dates AS date[])) AS requested (game_date)
CROSS JOIN (SELECT coalesce(CAST(:now AS timestamptz), clock_timestamp()) AS now) AS moment
ORDER BY requested.game_date
ON CONFLICT (sport, game_date) DO UPDATE
SET last_requested_at = greatest(requested_date.last_requested_at, excluded.last_requested_at),
    attempts = excluded.attempts + CASE
        WHEN EXISTS (
            SELECT FROM scoreboard
            WHERE scoreboard.sport = excluded.sport
              AND scoreboard.game_date = excluded.game_date
              AND settled_at IS NOT NULL
        ) THEN 0
        ELSE requested_date.attempts
    END,
    last_reason = NULL
