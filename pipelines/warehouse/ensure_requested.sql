-- Records requested dates without counting an attempt, as for a backfill whose runs may never start. `:reason` is null
-- while the request is under way; afterwards it goes to the dates that were neither loaded nor requested again since.
INSERT INTO requested_date (
    sport, game_date, first_requested_at, requested_by, last_requested_at, attempts, last_reason
)
SELECT
    :sport,
    requested.game_date,
    moment.requested_at,
    :requested_by,
    moment.requested_at,
    0,
    CASE WHEN scoreboard.game_date IS NULL THEN CAST(:reason AS text) END
FROM unnest(CAST(:dates AS date[])) AS requested (game_date)
CROSS JOIN (
    SELECT coalesce(CAST(:requested_at AS timestamptz), clock_timestamp()) AS requested_at
) AS moment
LEFT JOIN scoreboard
    ON scoreboard.sport = :sport
    AND scoreboard.game_date = requested.game_date
    AND scoreboard.fetched_at >= moment.requested_at
ON CONFLICT (sport, game_date) DO UPDATE
SET last_requested_at = greatest(requested_date.last_requested_at, excluded.last_requested_at),
    last_reason = coalesce(requested_date.last_reason, excluded.last_reason)
WHERE requested_date.last_requested_at < excluded.last_requested_at
   OR (
       requested_date.last_reason IS NULL
       AND excluded.last_reason IS NOT NULL
       AND requested_date.last_requested_at <= CAST(:ended_at AS timestamptz)
   )
