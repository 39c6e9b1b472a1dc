-- $1 sport, $2 game date, $3 feed, $4 fetched_at, $5 source URL, $6 whether it is the simulator, $7 games expected,
-- $8 games received, $9 whether complete, $10 games undecided, $11 fields unreadable, $12 some of them,
-- $13 the answer's own moment, $14 a void moment that this load replaces, $15 whether the date is settled.
-- The one row that every load writes.
INSERT INTO scoreboard (
    sport, game_date, feed, fetched_at, source_url, is_simulated, games_expected, games_received, is_complete,
    games_undecided, fields_unreadable, unreadable_sample, answer_updated_at, void_fetched_at, settled_at
)
VALUES (
    $1::text, $2::date, $3::text, $4::timestamptz, $5::text, $6::boolean, $7::int, $8::int, $9::boolean,
    $10::int, $11::int, $12::text, $13::timestamptz, $14::timestamptz, CASE WHEN $15::boolean THEN $4::timestamptz END
)
ON CONFLICT (sport, game_date) DO UPDATE
SET feed = excluded.feed,
    fetched_at = excluded.fetched_at,
    source_url = excluded.source_url,
    games_expected = coalesce(excluded.games_expected, scoreboard.games_expected),
    games_received = excluded.games_received,
    is_complete = excluded.is_complete,
    games_undecided = excluded.games_undecided,
    fields_unreadable = excluded.fields_unreadable,
    unreadable_sample = excluded.unreadable_sample,
    answer_updated_at = excluded.answer_updated_at,
    void_fetched_at = excluded.void_fetched_at,
    settled_at = excluded.settled_at
