-- Records why dates failed in a run; a reason of null means that the date was loaded. Rows are locked by date.
WITH changed AS (
    SELECT requested_date.sport, requested_date.game_date, outcome.reason
    FROM unnest(CAST(:dates AS date[]), CAST(:reasons AS text[])) AS outcome (game_date, reason)
    JOIN requested_date ON sport = :sport AND requested_date.game_date = outcome.game_date
    WHERE last_reason IS DISTINCT FROM outcome.reason
    ORDER BY requested_date.game_date
    FOR UPDATE OF requested_date
)

UPDATE requested_date
SET last_reason = changed.reason
FROM changed
WHERE requested_date.sport = changed.sport
  AND requested_date.game_date = changed.game_date
