-- Past dates that may need a repair, newest first: requested dates, dates that are not settled, dates with a pending
-- contradiction, and the days since the schedule first ran, or of the last week, that nothing requested.
WITH missed AS (
    SELECT CAST(day AS date) AS game_date
    FROM generate_series(
        least(
            (SELECT min(game_date) FROM requested_date WHERE sport = :sport AND requested_by = 'schedule'),
            CAST(:today AS date) - CAST(:missed_days AS int)
        ),
        CAST(:today AS date) - 1,
        INTERVAL '1 day'
    ) AS day
),

contradicted AS (
    SELECT game_date, min(contradicted_since) AS contradicted_since
    FROM fact_game
    WHERE sport = :sport
      AND contradicted_since IS NOT NULL
    GROUP BY game_date
),

known AS (
    SELECT game_date FROM missed
    UNION
    SELECT game_date FROM requested_date WHERE sport = :sport
    UNION
    SELECT game_date FROM scoreboard WHERE sport = :sport AND settled_at IS NULL
    UNION
    SELECT game_date FROM contradicted
)

SELECT known.game_date
FROM known
LEFT JOIN contradicted ON contradicted.game_date = known.game_date
LEFT JOIN requested_date ON requested_date.sport = :sport AND requested_date.game_date = known.game_date
LEFT JOIN scoreboard ON scoreboard.sport = :sport AND scoreboard.game_date = known.game_date
WHERE known.game_date < CAST(:today AS date)
  AND (
      settled_at IS NULL
      OR contradicted_since IS NOT NULL
      OR (last_reason IS NOT NULL AND last_requested_at > fetched_at)
  )
ORDER BY known.game_date DESC
