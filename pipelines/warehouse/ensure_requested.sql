-- Records requested dates without counting an attempt, as for a backfill whose runs may never start. `:reason` is null
-- while the request is under way; afterwards it goes to the dates that were neither loaded nor requested again since.
-- Rows that stay the same are not touched, and all statements that write this table lock its rows by date.
WITH request AS (
    SELECT
        day.game_date,
        moment.requested_at,
        CASE WHEN scoreboard.game_date IS NULL THEN CAST(:reason AS text) END AS reason
    FROM unnest(CAST(:dates AS date[])) AS day (game_date)
    CROSS JOIN (
        SELECT coalesce(CAST(:requested_at AS timestamptz), clock_timestamp()) AS requested_at
    ) AS moment
    LEFT JOIN scoreboard
        ON scoreboard.sport = :sport
        AND scoreboard.game_date = day.game_date
        AND scoreboard.fetched_at >= moment.requested_at
)

INSERT INTO requested_date (
    sport, game_date, first_requested_at, requested_by, last_requested_at, attempts, last_reason
)
SELECT :sport, request.game_date, requested_at, :requested_by, requested_at, 0, reason
FROM request
LEFT JOIN requested_date AS known ON known.sport = :sport AND known.game_date = request.game_date
WHERE known.game_date IS NULL
   OR known.last_requested_at < requested_at
   OR (
       known.last_reason IS NULL
       AND reason IS NOT NULL
       AND known.last_requested_at <= CAST(:ended_at AS timestamptz)
   )
ORDER BY request.game_date
ON CONFLICT (sport, game_date) DO UPDATE
SET last_requested_at = greatest(requested_date.last_requested_at, excluded.last_requested_at),
    last_reason = coalesce(requested_date.last_reason, excluded.last_reason)
