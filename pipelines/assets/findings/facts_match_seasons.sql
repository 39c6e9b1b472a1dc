SELECT
    'ERROR' AS severity,
    format('%s does not match the seasons of its teams', game_id) AS finding,
    game_date
FROM fact_game AS game
JOIN dim_team AS home ON home.team_key = home_team_key
JOIN dim_team AS away ON away.team_key = away_team_key
WHERE home.season <> game.season
   OR away.season <> game.season
   OR rivalry_factor <> rivalry_factor(home.conference_id, away.conference_id)
UNION ALL
SELECT 'ERROR', format('%s has %s current rows', team_id, count(*) FILTER (WHERE is_current)), NULL
FROM dim_team
GROUP BY team_id
HAVING count(*) FILTER (WHERE is_current) <> 1
