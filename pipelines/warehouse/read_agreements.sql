-- When each school's record last agreed before a date.
SELECT team_id, max(fetched_at) AS agreed_at
FROM standing
WHERE sport = $1 AND season = $2 AND as_of < $3 AND agrees
GROUP BY team_id
