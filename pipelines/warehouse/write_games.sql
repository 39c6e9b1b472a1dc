-- $1 sport, $2 game date, $3 season, $4 contest ids that have a row, $5 when the change was learned, $6… one array per
-- column of the rows that changed; an array may be null where the whole column is.
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
),
-- A live score takes the place of the one before it while both are within five minutes of a third of the same period.
remembered AS (
    INSERT INTO game_history AS stored (
        game_id, version, sport, changed_at, game_date, home_team_key, away_team_key, game_status, home_score,
        away_score, game_period, game_clock, overtime_periods
    )
    SELECT
        game_id, coalesce(last.version, 0) + CASE WHEN is_replaced THEN 0 ELSE 1 END, $1::text, $5::timestamptz,
        $2::date, home_team_key, away_team_key, game_status, home_score, away_score, game_period, game_clock,
        overtime_periods
    FROM incoming
    LEFT JOIN LATERAL (
        SELECT
            history.version,
            (history.game_date, history.home_team_key, history.away_team_key, history.game_status, history.game_period,
             history.overtime_periods)
                IS NOT DISTINCT FROM
                ($2::date, incoming.home_team_key, incoming.away_team_key, incoming.game_status, incoming.game_period,
                 incoming.overtime_periods) AS is_same_state,
            (history.home_score, history.away_score)
                IS NOT DISTINCT FROM (incoming.home_score, incoming.away_score) AS is_same_score
        FROM game_history AS history
        WHERE history.game_id = incoming.game_id
          AND NOT incoming.is_new
        ORDER BY history.version DESC
        LIMIT 1
    ) AS last ON TRUE
    CROSS JOIN LATERAL (
        SELECT is_same_state AND incoming.game_status = 'live' AND EXISTS (
            SELECT
            FROM game_history AS third
            WHERE third.game_id = incoming.game_id
              AND third.version = last.version - 1
              AND third.game_status = 'live'
              AND third.game_period IS NOT DISTINCT FROM incoming.game_period
              AND third.changed_at > $5::timestamptz - interval '5 minutes'
        ) AS is_replaced
    ) AS rule
    WHERE (is_same_state AND is_same_score) IS NOT TRUE
    ORDER BY contest_id
    ON CONFLICT (game_id, version) DO UPDATE
    SET changed_at = excluded.changed_at,
        home_score = excluded.home_score,
        away_score = excluded.away_score,
        game_clock = excluded.game_clock
)
SELECT count(*) AS rows_written
FROM incoming
