-- $1 sport, $2 contest ids and $3 dates of evidence that `fact_game` holds again, $4… one array per column of evidence
-- that it does not hold.
WITH deleted AS (
    DELETE FROM game_evidence
    USING unnest($2::bigint[], $3::date[]) AS obsolete (contest_id, game_date)
    WHERE game_evidence.sport = $1::text
      AND game_evidence.contest_id = obsolete.contest_id
      AND game_evidence.game_date = obsolete.game_date
)
INSERT INTO game_evidence (
    sport, contest_id, game_date, statement, feed, last_listed_at, is_withdrawn, contradiction, contradicted_since
)
SELECT
    $1::text, contest_id, game_date, statement::jsonb, feed, last_listed_at, is_withdrawn, contradiction,
    contradicted_since
FROM unnest(
    $4::bigint[], $5::date[], $6::text[], $7::text[], $8::timestamptz[], $9::boolean[], $10::text[], $11::timestamptz[]
) AS incoming (
    contest_id, game_date, statement, feed, last_listed_at, is_withdrawn, contradiction, contradicted_since
)
ON CONFLICT (sport, contest_id, game_date) DO UPDATE
SET (statement, feed, last_listed_at, is_withdrawn, contradiction, contradicted_since) = (
    excluded.statement, excluded.feed, excluded.last_listed_at, excluded.is_withdrawn, excluded.contradiction,
    excluded.contradicted_since
)
