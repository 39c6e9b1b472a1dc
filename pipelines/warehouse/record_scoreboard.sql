-- $1 sport, $2 game date, $3 feed, $4 fetched_at, $5 source URL, $6 games expected, $7 games received,
-- $8 from when on a finished date is settled. The one row that every load writes.
WITH games AS (
    SELECT
        count(*) FILTER (WHERE game_status = 'final') AS games_final,
        count(*) FILTER (WHERE game_status = 'live') AS games_live,
        count(*) FILTER (WHERE game_status = 'scheduled') AS games_scheduled
    FROM fact_game
    WHERE game_date = $2::date
      AND sport = $1::text
),
recorded AS (
    INSERT INTO scoreboard (
        sport, game_date, feed, fetched_at, source_url, games_expected, games_received, settled_at
    )
    SELECT
        $1::text, $2::date, $3::text, $4::timestamptz, $5::text, $6::int, $7::int,
        CASE WHEN games_live + games_scheduled = 0 AND $4::timestamptz >= $8::timestamptz THEN $4::timestamptz END
    FROM games
    ON CONFLICT (sport, game_date) DO UPDATE
    SET feed = excluded.feed,
        fetched_at = excluded.fetched_at,
        source_url = excluded.source_url,
        games_expected = coalesce(excluded.games_expected, scoreboard.games_expected),
        games_received = excluded.games_received,
        settled_at = CASE WHEN excluded.settled_at IS NOT NULL
            THEN coalesce(scoreboard.settled_at, excluded.settled_at) END
)
SELECT * FROM games
