-- $1 sport; {condition} names $2. {columns}: the columns of a statement, see evidence.py.
SELECT
    split_part(game.game_id, '_', 2)::bigint AS contest_id,
    game.game_date, game.feed, game.last_seen_at, game.suspect_reason, game.contradicted_since,
    home.slug AS home_slug,
    away.slug AS away_slug,
    {columns}
FROM fact_game AS game
JOIN dim_team AS home ON home.team_key = game.home_team_key
JOIN dim_team AS away ON away.team_key = game.away_team_key
WHERE game.sport = $1::text
  AND {condition}
