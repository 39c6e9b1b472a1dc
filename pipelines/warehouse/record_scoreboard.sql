-- $1 sport, $2 game date, $3 feed, $4 fetched_at, $5 source URL, $6 games expected, $7 games received,
-- $8 whether the date is settled. The one row that every load writes.
INSERT INTO scoreboard (sport, game_date, feed, fetched_at, source_url, games_expected, games_received, settled_at)
VALUES (
    $1::text, $2::date, $3::text, $4::timestamptz, $5::text, $6::int, $7::int,
    CASE WHEN $8::boolean THEN $4::timestamptz END
)
ON CONFLICT (sport, game_date) DO UPDATE
SET feed = excluded.feed,
    fetched_at = excluded.fetched_at,
    source_url = excluded.source_url,
    games_expected = coalesce(excluded.games_expected, scoreboard.games_expected),
    games_received = excluded.games_received,
    settled_at = CASE WHEN $8::boolean THEN coalesce(scoreboard.settled_at, excluded.settled_at) END
