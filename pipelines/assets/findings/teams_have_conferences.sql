SELECT
    'WARN' AS severity,
    format('%s in %s has %s', team_name, team.season, coalesce('unknown conference ' || conference_id, 'none'))
        AS finding,
    max(game_date) AS game_date
FROM dim_team AS team
JOIN fact_game AS game ON team_key IN (home_team_key, away_team_key)
WHERE conference_id IS NULL OR conference_id <> ALL (:conferences)
GROUP BY team_key
HAVING count(*) >= 10
ORDER BY team.season DESC, team_name
