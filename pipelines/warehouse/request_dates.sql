-- Records that game dates are requested, where no later request is known. A person's request starts the counts of repairs
-- anew; those of the schedule and of repairs do not. Rows that stay the same are not touched, and all statements that
-- write this table lock its rows by date.
INSERT INTO requested_date (
    sport, game_date, first_requested_at, requested_by, last_requested_at, attempts, repairs, outage_repairs
)
SELECT :sport, requested.game_date, moment.requested_at, :requested_by, moment.requested_at, 0, 0, 0
FROM unnest(CAST(:dates AS date[])) AS requested (game_date)
CROSS JOIN (SELECT coalesce(CAST(:requested_at AS timestamptz), clock_timestamp()) AS requested_at) AS moment
LEFT JOIN requested_date AS known ON known.sport = :sport AND known.game_date = requested.game_date
WHERE known.game_date IS NULL
   OR known.last_requested_at < moment.requested_at
ORDER BY requested.game_date
ON CONFLICT (sport, game_date) DO UPDATE
SET last_requested_at = excluded.last_requested_at,
    attempts = CASE WHEN :counts_anew THEN 0 ELSE requested_date.attempts END,
    repairs = CASE WHEN :counts_anew THEN 0 ELSE requested_date.repairs END,
    outage_repairs = CASE WHEN :counts_anew THEN 0 ELSE requested_date.outage_repairs END,
    last_reason = NULL,
    last_failure_is_local = NULL
WHERE requested_date.last_requested_at < excluded.last_requested_at
