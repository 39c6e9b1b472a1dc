-- $1 sport, then one array per column. A known venue and known points stay where the answer has none.
WITH given AS (
    SELECT $1::text || '_' || contest_id AS game_id, fetched_at, venue_key, missing_reason,
        CAST(home_points AS smallint[]) AS home_points, CAST(away_points AS smallint[]) AS away_points,
        given.venue_name
    FROM unnest($2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
        AS given (contest_id, fetched_at, venue_name, city, state, missing_reason, home_points, away_points)
    LEFT JOIN dim_venue
        ON (dim_venue.venue_name, coalesce(dim_venue.city, ''), coalesce(dim_venue.state, ''))
            = (given.venue_name, coalesce(given.city, ''), coalesce(given.state, ''))
),
written AS (
    INSERT INTO game_detail AS stored (
        game_id, fetched_at, venue_key, missing_reason, home_points_by_period, away_points_by_period
    )
    SELECT game_id, fetched_at, venue_key, missing_reason, home_points, away_points
    FROM given
    ORDER BY game_id
    ON CONFLICT (game_id) DO UPDATE
    SET fetched_at = excluded.fetched_at,
        venue_key = coalesce(excluded.venue_key, stored.venue_key),
        missing_reason = CASE WHEN coalesce(excluded.venue_key, stored.venue_key) IS NULL
            THEN excluded.missing_reason END,
        home_points_by_period = coalesce(excluded.home_points_by_period, stored.home_points_by_period),
        away_points_by_period = coalesce(excluded.away_points_by_period, stored.away_points_by_period)
    WHERE excluded.fetched_at >= stored.fetched_at
    RETURNING game_id
),
named AS (
    UPDATE fact_game
    SET venue = given.venue_name, updated_at = now()
    FROM given
    WHERE fact_game.game_id = given.game_id
      AND given.venue_name IS NOT NULL
      AND fact_game.venue IS DISTINCT FROM given.venue_name
      AND EXISTS (SELECT FROM written WHERE written.game_id = given.game_id)
    RETURNING 1
)
SELECT count(*) > 0 FROM named
