-- $1 sport, $2 seasons and $3 slugs of teams one of whose games moved or was withdrawn: their conference is again that
-- of the latest game that stands and gave one. $4 seasons, $5 slugs and $6 names of the conferences in
-- models/reference; another conference has the name that another team's row gives it. Returns the teams whose conference changed.
WITH team AS (
    SELECT dim_team.team_key, dim_team.season
    FROM unnest($2::int[], $3::text[]) AS affected (season, slug)
    JOIN dim_team ON dim_team.team_id = $1::text || '_' || affected.slug AND dim_team.season = affected.season
),
stated AS (
    SELECT team.team_key, game.home_conference_id AS conference_id, game.game_date_key, game.game_id, game.feed
    FROM team
    JOIN fact_game AS game ON game.home_team_key = team.team_key AND game.game_status <> 'withdrawn'
    UNION ALL
    SELECT team.team_key, game.away_conference_id, game.game_date_key, game.game_id, game.feed
    FROM team
    JOIN fact_game AS game ON game.away_team_key = team.team_key AND game.game_status <> 'withdrawn'
),
latest AS (
    SELECT DISTINCT ON (team_key) team_key, conference_id, watermark
    FROM stated
    CROSS JOIN LATERAL (
        SELECT
            game_date_key * 10000000000 + split_part(game_id, '_', 2)::bigint * 10 + (feed = 'current')::int
                AS watermark
    ) AS marks
    WHERE conference_id IS NOT NULL
    ORDER BY team_key, watermark DESC
),
updated AS (
    UPDATE dim_team AS stored
    SET conference_id = latest.conference_id,
        conference_name = CASE WHEN stored.conference_id = latest.conference_id THEN stored.conference_name
            ELSE coalesce(
                (
                    SELECT known.name
                    FROM unnest($4::int[], $5::text[], $6::text[]) AS known (season, slug, name)
                    WHERE known.season = team.season
                      AND known.slug = latest.conference_id
                ),
                (
                    SELECT named.conference_name
                    FROM dim_team AS named
                    WHERE named.season = team.season
                      AND named.conference_id = latest.conference_id
                      AND named.conference_name IS NOT NULL
                    ORDER BY named.conference_watermark DESC
                    LIMIT 1
                )
            ) END,
        conference_watermark = coalesce(latest.watermark, 0),
        updated_at = CASE WHEN stored.conference_id IS DISTINCT FROM latest.conference_id THEN now()
            ELSE stored.updated_at END
    FROM team
    LEFT JOIN latest USING (team_key)
    JOIN dim_team AS before USING (team_key)
    WHERE stored.team_key = team.team_key
      AND (before.conference_id, before.conference_watermark)
          IS DISTINCT FROM (latest.conference_id, coalesce(latest.watermark, 0))
    RETURNING stored.team_key, before.conference_id IS DISTINCT FROM stored.conference_id AS is_changed
)
SELECT coalesce(array_agg(team_key) FILTER (WHERE is_changed), '{}') AS conference_changed
FROM updated
