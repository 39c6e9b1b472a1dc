-- Records repairs of game dates with their new counts, and returns the dates that nobody has requested since their state
-- was read: of two sensors that decide at the same moment, one gets a date.
WITH decided AS (
    SELECT *
    FROM unnest(
        CAST(:dates AS date[]),
        CAST(:seen AS timestamptz[]),
        CAST(:attempts AS int[]),
        CAST(:repairs AS int[]),
        CAST(:outage_repairs AS int[])
    ) AS repair (game_date, last_requested_at, attempts, repairs, outage_repairs)
)

INSERT INTO requested_date (
    sport, game_date, first_requested_at, requested_by, last_requested_at, attempts, repairs, outage_repairs
)
SELECT :sport, game_date, moment.now, 'repair', moment.now, attempts, repairs, outage_repairs
FROM decided
CROSS JOIN (SELECT CAST(:now AS timestamptz) AS now) AS moment
ORDER BY game_date
ON CONFLICT (sport, game_date) DO UPDATE
SET last_requested_at = excluded.last_requested_at,
    attempts = excluded.attempts,
    repairs = excluded.repairs,
    outage_repairs = excluded.outage_repairs,
    last_reason = NULL,
    last_failure_is_local = NULL
WHERE requested_date.last_requested_at = (
    SELECT decided.last_requested_at FROM decided WHERE decided.game_date = excluded.game_date
)
RETURNING game_date
