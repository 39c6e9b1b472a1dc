-- $1 team keys whose conference changed: their games on any date.
UPDATE fact_game
SET rivalry_factor = computed.rivalry_factor,
    updated_at = now()
FROM (
    SELECT
        game.game_key,
        rivalry_factor(home.conference_id, away.conference_id) AS rivalry_factor
    FROM fact_game AS game
    JOIN dim_team AS home ON home.team_key = game.home_team_key
    JOIN dim_team AS away ON away.team_key = game.away_team_key
    WHERE game.home_team_key = ANY ($1::bigint[])
       OR game.away_team_key = ANY ($1::bigint[])
) AS computed
WHERE fact_game.game_key = computed.game_key
  AND fact_game.rivalry_factor <> computed.rivalry_factor
