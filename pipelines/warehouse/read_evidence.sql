-- $1 sport, $2 dates, $3 contest ids: evidence of those dates and of those contests on any date.
SELECT contest_id, game_date, statement::text, feed, last_listed_at, is_withdrawn, contradiction, contradicted_since
FROM game_evidence
WHERE sport = $1::text
  AND (game_date = ANY ($2::date[]) OR contest_id = ANY ($3::bigint[]))
