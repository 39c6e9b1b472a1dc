-- The newest standings of each season that were compared; where none were, the newest.
SELECT DISTINCT ON (season)
    season,
    as_of,
    count(*) AS teams,
    count(agrees) AS teams_compared,
    count(*) FILTER (WHERE agrees) AS teams_agreed
FROM standing
WHERE sport = :sport
GROUP BY season, as_of
ORDER BY season, count(agrees) = 0, as_of DESC
