-- $1 sport, $2 game date: how the date stands.
SELECT
    count(*) FILTER (WHERE game_status = 'final') AS games_final,
    count(*) FILTER (WHERE game_status = 'live') AS games_live,
    count(*) FILTER (WHERE game_status = 'scheduled') AS games_scheduled
FROM fact_game
WHERE game_date = $2::date
  AND sport = $1::text
