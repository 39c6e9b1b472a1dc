-- $1 sport, $2 season, $3… one array per column of what the scoreboard says of its teams.
-- A value replaces a stored one unless its watermark is older; unchanged rows are not written.
WITH incoming AS (
    SELECT $1::text || '_' || slug AS team_id, *
    FROM unnest(
        $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::bigint[],
        $10::text[], $11::text[], $12::bigint[]
    ) AS columns (
        slug, team_name, team_name_watermark, full_name, full_name_watermark, abbreviation, abbreviation_watermark,
        conference_id, conference_name, conference_watermark
    )
),
merged AS (
    SELECT
        stored.team_key,
        best.*,
        conference_wins AND best.conference_id IS DISTINCT FROM stored.conference_id AS conference_changed,
        (stored.team_name, stored.full_name, stored.abbreviation, stored.conference_id, stored.conference_name)
            IS DISTINCT FROM
            (best.team_name, best.full_name, best.abbreviation, best.conference_id, best.conference_name)
            AS is_visible,
        (stored.team_name_watermark, stored.full_name_watermark, stored.abbreviation_watermark,
         stored.conference_watermark)
            IS DISTINCT FROM
            (best.team_name_watermark, best.full_name_watermark, best.abbreviation_watermark,
             best.conference_watermark) AS is_newer
    FROM incoming
    JOIN dim_team AS stored ON stored.season = $2::int AND stored.team_id = incoming.team_id
    CROSS JOIN LATERAL (
        SELECT
            incoming.team_name_watermark > 0
                AND incoming.team_name_watermark >= stored.team_name_watermark AS name_wins,
            incoming.full_name_watermark > 0
                AND incoming.full_name_watermark >= stored.full_name_watermark AS full_name_wins,
            incoming.abbreviation_watermark > 0
                AND incoming.abbreviation_watermark >= stored.abbreviation_watermark AS abbreviation_wins,
            incoming.conference_watermark > 0
                AND incoming.conference_watermark >= stored.conference_watermark AS conference_wins
    ) AS comparison
    CROSS JOIN LATERAL (
        SELECT
            CASE WHEN name_wins THEN incoming.team_name ELSE stored.team_name END AS team_name,
            CASE WHEN full_name_wins THEN incoming.full_name ELSE stored.full_name END AS full_name,
            CASE WHEN abbreviation_wins THEN incoming.abbreviation ELSE stored.abbreviation END AS abbreviation,
            CASE WHEN conference_wins THEN incoming.conference_id ELSE stored.conference_id END AS conference_id,
            -- The current feed names no conference, so one that models/reference does not know keeps its name.
            CASE
                WHEN incoming.conference_id = stored.conference_id AND conference_wins
                    THEN coalesce(incoming.conference_name, stored.conference_name)
                WHEN incoming.conference_id = stored.conference_id
                    THEN coalesce(stored.conference_name, incoming.conference_name)
                WHEN conference_wins THEN incoming.conference_name
                ELSE stored.conference_name
            END AS conference_name,
            greatest(stored.team_name_watermark, incoming.team_name_watermark) AS team_name_watermark,
            greatest(stored.full_name_watermark, incoming.full_name_watermark) AS full_name_watermark,
            greatest(stored.abbreviation_watermark, incoming.abbreviation_watermark) AS abbreviation_watermark,
            greatest(stored.conference_watermark, incoming.conference_watermark) AS conference_watermark
    ) AS best
),
updated AS (
    UPDATE dim_team AS stored
    SET team_name = merged.team_name,
        full_name = merged.full_name,
        abbreviation = merged.abbreviation,
        conference_id = merged.conference_id,
        conference_name = merged.conference_name,
        team_name_watermark = merged.team_name_watermark,
        full_name_watermark = merged.full_name_watermark,
        abbreviation_watermark = merged.abbreviation_watermark,
        conference_watermark = merged.conference_watermark,
        updated_at = CASE WHEN is_visible THEN now() ELSE stored.updated_at END
    FROM merged
    WHERE stored.team_key = merged.team_key
      AND (is_visible OR is_newer)
    RETURNING stored.team_key, is_visible, conference_changed
),
inserted AS (
    INSERT INTO dim_team (
        team_id, season, sport, slug, team_name, full_name, abbreviation, conference_id, conference_name,
        valid_from, valid_to, is_current,
        team_name_watermark, full_name_watermark, abbreviation_watermark, conference_watermark
    )
    SELECT
        team_id, $2::int, $1::text, slug, coalesce(team_name, slug), full_name, abbreviation,
        conference_id, conference_name,
        make_date($2::int, 8, 1),
        CASE WHEN is_superseded THEN make_date($2::int + 1, 8, 1) END,
        NOT is_superseded,
        team_name_watermark, full_name_watermark, abbreviation_watermark, conference_watermark
    FROM incoming
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM dim_team AS later WHERE later.team_id = incoming.team_id AND later.season > $2::int
        ) AS is_superseded
    ) AS seasons
    WHERE NOT EXISTS (
        SELECT FROM dim_team AS stored WHERE stored.team_id = incoming.team_id AND stored.season = $2::int
    )
    ORDER BY slug
    RETURNING team_key
)
SELECT
    (SELECT count(*) FROM inserted) AS teams_inserted,
    (SELECT count(*) FILTER (WHERE is_visible) FROM updated) AS teams_updated,
    (SELECT coalesce(array_agg(team_key) FILTER (WHERE conference_changed), '{}') FROM updated) AS conference_changed
