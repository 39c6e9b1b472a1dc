-- Nothing is due before games of the season are final: the page may then be that of the last season.
WITH newest AS (
    SELECT as_of, bool_and(agrees IS NULL) AS is_void, min(not_compared) AS reason
    FROM standing
    WHERE as_of = (SELECT max(as_of) FROM standing)
    GROUP BY as_of
),

due AS (
    SELECT min(game_date) AS game_date
    FROM fact_game
    WHERE season = :season AND game_status = 'final'
)

SELECT
    'WARN' AS severity,
    CASE WHEN newest.as_of IS NULL THEN 'No standings are loaded: run `gamepulse audit --load`'
        WHEN newest.as_of < CAST(:today AS date) - 1 THEN format('The newest standings are of %s', newest.as_of)
        ELSE rtrim(newest.reason, '.') END AS finding,
    coalesce(newest.as_of, CAST(:today AS date)) AS game_date
FROM due
LEFT JOIN newest ON TRUE
WHERE EXTRACT(month FROM CAST(:today AS date)) <> ALL (:off_season)
  AND (
      (newest.is_void AND due.game_date < CAST(:today AS date))
      OR (coalesce(newest.as_of < CAST(:today AS date) - 1, TRUE) AND due.game_date < CAST(:today AS date) - 1)
  )
