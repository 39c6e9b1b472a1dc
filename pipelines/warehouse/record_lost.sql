-- Records the end of a request whose runs could not record it themselves, for the dates that were neither loaded nor
-- requested again since. Rows are locked by date.
WITH lost AS (
    SELECT requested_date.sport, requested_date.game_date
    FROM requested_date
    LEFT JOIN scoreboard
        ON scoreboard.sport = requested_date.sport
        AND scoreboard.game_date = requested_date.game_date
        AND greatest(fetched_at, last_stale_at) >= CAST(:requested_at AS timestamptz)
    WHERE requested_date.sport = :sport
      AND requested_date.game_date = ANY (CAST(:dates AS date[]))
      AND last_reason IS NULL
      AND last_requested_at <= CAST(:ended_at AS timestamptz)
      AND scoreboard.game_date IS NULL
    ORDER BY requested_date.game_date
    FOR UPDATE OF requested_date
)

UPDATE requested_date
SET last_reason = :reason,
    last_failure_is_local = TRUE
FROM lost
WHERE requested_date.sport = lost.sport
  AND requested_date.game_date = lost.game_date
