-- The newest standings of a season (:season, or the newest with standings), and the differences that were not resolved.
WITH newest AS (
    SELECT season, max(as_of) AS as_of
    FROM standing
    WHERE season = coalesce(CAST(:season AS int), (SELECT max(season) FROM standing))
    GROUP BY season
)

SELECT
    newest.season,
    newest.as_of,
    max(covers) AS covers,
    count(*) AS teams,
    count(*) FILTER (WHERE agrees) AS agreed,
    count(*) FILTER (WHERE agrees IS NULL) AS not_compared,
    ARRAY(
        SELECT DISTINCT other.not_compared
        FROM standing AS other
        WHERE other.as_of = newest.as_of AND other.not_compared IS NOT NULL
        ORDER BY 1
    ) AS reasons,
    (
        SELECT count(*) FROM discrepancy WHERE discrepancy.season = newest.season AND resolved_at IS NOT NULL
    ) AS resolved,
    (
        SELECT coalesce(json_agg(json_build_object(
            'school', school, 'theirs', theirs, 'ours', ours, 'finding', finding, 'game_ids', game_ids,
            'first_seen', first_seen, 'last_seen', last_seen, 'explained', explained
        ) ORDER BY first_seen, school), '[]')
        FROM discrepancy
        CROSS JOIN LATERAL (
            SELECT min(format('%s (%s)', because, created_by)) AS explained
            FROM resolution
            WHERE check_name = 'records_agree_with_standings'
              AND closed_at IS NULL
              AND (until IS NULL OR until >= CAST(:today AS date))
              AND first_seen BETWEEN first_date AND last_date
        ) AS acceptance
        WHERE discrepancy.season = newest.season AND resolved_at IS NULL
    ) AS discrepancies
FROM newest
JOIN standing USING (season, as_of)
GROUP BY newest.season, newest.as_of
