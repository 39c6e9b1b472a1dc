-- Records why dates failed in a run; a reason of null means that the date was loaded, and ends the count of its repairs.
-- Rows are locked by date.
WITH changed AS (
    SELECT requested_date.sport, requested_date.game_date, outcome.reason, outcome.is_local
    FROM unnest(CAST(:dates AS date[]), CAST(:reasons AS text[]), CAST(:are_local AS boolean[]))
        AS outcome (game_date, reason, is_local)
    JOIN requested_date ON sport = :sport AND requested_date.game_date = outcome.game_date
    WHERE last_reason IS DISTINCT FROM outcome.reason
       OR last_failure_is_local IS DISTINCT FROM outcome.is_local
       OR (outcome.reason IS NULL AND repairs + outage_repairs > 0)
    ORDER BY requested_date.game_date
    FOR UPDATE OF requested_date
)

UPDATE requested_date
SET last_reason = changed.reason,
    last_failure_is_local = changed.is_local,
    repairs = CASE WHEN changed.reason IS NOT NULL THEN repairs ELSE 0 END,
    outage_repairs = CASE WHEN changed.reason IS NOT NULL THEN outage_repairs ELSE 0 END
FROM changed
WHERE requested_date.sport = changed.sport
  AND requested_date.game_date = changed.game_date
