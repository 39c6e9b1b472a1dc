-- $1 sport, $2 game date, $3 feed, $4 fetched_at, $5 source URL, $6 whether it is the simulator, $7 games expected,
-- $8 games received, $9 games suspect, $10 whether the date is settled. The one row that every load writes.
INSERT INTO scoreboard (
    sport, game_date, feed, fetched_at, source_url, is_simulated,
    games_expected, games_received, games_suspect, settled_at
)
VALUES (
    $1::text, $2::date, $3::text, $4::timestamptz, $5::text, $6::boolean,
    $7::int, $8::int, $9::int, CASE WHEN $10::boolean THEN $4::timestamptz END
)
ON CONFLICT (sport, game_date) DO UPDATE
SET feed = excluded.feed,
    fetched_at = excluded.fetched_at,
    source_url = excluded.source_url,
    games_expected = coalesce(excluded.games_expected, scoreboard.games_expected),
    games_received = excluded.games_received,
    games_suspect = excluded.games_suspect,
    settled_at = CASE WHEN $10::boolean THEN coalesce(scoreboard.settled_at, excluded.settled_at) END
