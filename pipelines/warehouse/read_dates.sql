-- $1 sport, $2 dates: the latest answer loaded for each.
SELECT game_date, fetched_at, games_expected, games_undecided
FROM scoreboard
WHERE sport = $1::text
  AND game_date = ANY ($2::date[])
