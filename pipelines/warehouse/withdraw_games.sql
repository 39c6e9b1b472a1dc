-- $1 sport, $2 game date, $3 feed, $4 whether games missing from the scoreboard have left it,
-- $5 contest ids on the scoreboard, readable or not, $6 when the scoreboard before this one was fetched.
-- Games of the date that this scoreboard does not list: withdrawn when they left it or were re-issued under a
-- newer contest id; the others only remember when they were last seen.
WITH stored AS (
    SELECT
        game_key, game_status, last_seen_at,
        split_part(game_id, '_', 2)::bigint AS contest_id,
        least(home_team_key, away_team_key) AS one_team_key,
        greatest(home_team_key, away_team_key) AS other_team_key,
        split_part(game_id, '_', 2)::bigint <> ALL ($5::bigint[])
            AND NOT ($3::text = 'legacy' AND feed = 'current') AS is_missing
    FROM fact_game
    WHERE game_date = $2::date
      AND sport = $1::text
),
newest AS (
    SELECT one_team_key, other_team_key, max(contest_id) AS contest_id
    FROM stored
    WHERE game_status <> 'withdrawn'
      AND NOT ($4::boolean AND is_missing)
    GROUP BY 1, 2
),
missing AS (
    SELECT
        stored.*,
        game_status = 'withdrawn'
            OR $4::boolean
            OR coalesce(stored.contest_id < newest.contest_id, FALSE) AS is_withdrawn
    FROM stored
    LEFT JOIN newest USING (one_team_key, other_team_key)
    WHERE is_missing
),
updated AS (
    UPDATE fact_game
    SET game_status = CASE WHEN is_withdrawn THEN 'withdrawn' ELSE missing.game_status END,
        game_clock = CASE WHEN NOT is_withdrawn THEN fact_game.game_clock END,
        last_seen_at = coalesce(missing.last_seen_at, $6::timestamptz),
        updated_at = now()
    FROM missing
    WHERE fact_game.game_key = missing.game_key
      AND (missing.last_seen_at IS NULL OR (is_withdrawn AND missing.game_status <> 'withdrawn'))
    RETURNING is_withdrawn AND missing.game_status <> 'withdrawn' AS is_newly_withdrawn
)
SELECT count(*) FILTER (WHERE is_newly_withdrawn) AS games_withdrawn
FROM updated
