-- $1 sport, $2 game date, $3 feed, $4 whether games missing from the scoreboard have left it, $5 contest ids that
-- loaded, $6 contest ids that could not be read, $7 when the scoreboard before this one was fetched.
-- Games of the date that this load did not write: withdrawn when they left the scoreboard or were re-issued under a
-- newer contest id; those missing only remember when they were last seen.
-- NOT IN, since <> ALL is hashed in the first five executions only: a generic plan compares each game with each id.
WITH stored AS (
    SELECT
        game_key, game_status, last_seen_at,
        split_part(game_id, '_', 2)::bigint AS contest_id,
        least(home_team_key, away_team_key) AS one_team_key,
        greatest(home_team_key, away_team_key) AS other_team_key,
        split_part(game_id, '_', 2)::bigint NOT IN (SELECT unnest($5::bigint[]))
            AND NOT ($3::text = 'legacy' AND feed = 'current') AS is_left_over,
        split_part(game_id, '_', 2)::bigint <> ALL ($6::bigint[]) AS is_unlisted
    FROM fact_game
    WHERE game_date = $2::date
      AND sport = $1::text
),
newest AS (
    SELECT one_team_key, other_team_key, max(contest_id) AS contest_id
    FROM stored
    WHERE game_status <> 'withdrawn'
      AND NOT ($4::boolean AND is_left_over AND is_unlisted)
    GROUP BY 1, 2
),
left_over AS (
    SELECT
        stored.*,
        game_status <> 'withdrawn'
            AND (($4::boolean AND is_unlisted) OR coalesce(stored.contest_id < newest.contest_id, FALSE))
            AS is_newly_withdrawn
    FROM stored
    LEFT JOIN newest USING (one_team_key, other_team_key)
    WHERE is_left_over
),
updated AS (
    UPDATE fact_game
    SET game_status = CASE WHEN is_newly_withdrawn THEN 'withdrawn' ELSE left_over.game_status END,
        game_clock = CASE WHEN NOT is_newly_withdrawn THEN fact_game.game_clock END,
        last_seen_at = CASE WHEN is_unlisted THEN coalesce(left_over.last_seen_at, $7::timestamptz)
            ELSE left_over.last_seen_at END,
        updated_at = now()
    FROM left_over
    WHERE fact_game.game_key = left_over.game_key
      AND (is_newly_withdrawn OR (is_unlisted AND left_over.last_seen_at IS NULL))
    RETURNING is_newly_withdrawn
)
SELECT count(*) FILTER (WHERE is_newly_withdrawn) AS games_withdrawn
FROM updated
