-- $1 sport, $2 game date, $3 season, $4 contest ids that have a row, $5… one array per column of the rows that changed;
-- an array may be null where the whole column is.
-- NOT IN, since <> ALL is hashed in the first five executions only.
WITH incoming AS (
    SELECT
        rows.*,
        $1::text || '_' || rows.contest_id AS game_id,
        rows.contest_id NOT IN (SELECT unnest($4::bigint[])) AS is_new,
        home.team_key AS home_team_key,
        away.team_key AS away_team_key,
        rivalry_factor(home.conference_id, away.conference_id) AS rivalry_factor
    FROM unnest({arrays}) AS rows (
        contest_id, feed, last_seen_at, suspect_reason, contradicted_since, home_slug, away_slug, {columns}
    )
    JOIN dim_team AS home ON home.team_id = $1::text || '_' || rows.home_slug AND home.season = $3::int
    JOIN dim_team AS away ON away.team_id = $1::text || '_' || rows.away_slug AND away.season = $3::int
),
updated AS (
    UPDATE fact_game AS stored
    SET (
        game_date, game_date_key, home_team_key, away_team_key, rivalry_factor, feed, last_seen_at, suspect_reason,
        contradicted_since, {columns}, updated_at
    ) = (
        $2::date, to_char($2::date, 'YYYYMMDD')::int, incoming.home_team_key, incoming.away_team_key,
        incoming.rivalry_factor, incoming.feed, incoming.last_seen_at, incoming.suspect_reason,
        incoming.contradicted_since, {incoming_columns}, now()
    )
    FROM incoming
    WHERE stored.game_id = incoming.game_id
      AND NOT incoming.is_new
),
-- Apart from the update: an upsert would use up an identity value for each row that it updates.
inserted AS (
    INSERT INTO fact_game (
        game_id, sport, game_date, game_date_key, home_team_key, away_team_key, rivalry_factor, feed, last_seen_at,
        suspect_reason, contradicted_since, {columns}
    )
    SELECT
        game_id, $1::text, $2::date, to_char($2::date, 'YYYYMMDD')::int, home_team_key, away_team_key, rivalry_factor, feed, last_seen_at,
        suspect_reason, contradicted_since, {columns}
    FROM incoming
    WHERE is_new
    ORDER BY contest_id
)
SELECT count(*) AS rows_written
FROM incoming
