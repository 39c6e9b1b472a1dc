-- Records why dates failed in a run; a reason of null means that the date was loaded.
UPDATE requested_date
SET last_reason = outcome.reason
FROM unnest(CAST(:dates AS date[]), CAST(:reasons AS text[])) AS outcome (game_date, reason)
WHERE sport = :sport
  AND requested_date.game_date = outcome.game_date
  AND last_reason IS DISTINCT FROM outcome.reason
