-- $1 sport, $2 season, $3 date of the standings, $4 schools that were not compared; the rest is one array per column of
-- what differs now, and $12 when the standings were first loaded, null for now. Rows that differ in the same way go on,
-- others end.
WITH found AS (
    SELECT *
    FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
        AS found (school, team_id, difference, theirs, ours, finding, game_ids)
),

ended AS (
    UPDATE discrepancy
    SET resolved_at = coalesce($12::timestamptz, clock_timestamp()),
        resolved_because = CASE WHEN found.school IS NULL THEN 'The standings of ' || $3::date || ' agree.'
            ELSE 'The standings of ' || $3::date || ' differ in another way.' END
    FROM discrepancy AS old
    LEFT JOIN found ON found.school = old.school
    WHERE discrepancy.discrepancy_id = old.discrepancy_id
      AND old.sport = $1 AND old.season = $2 AND old.resolved_at IS NULL
      AND old.school <> ALL ($4::text[])
      AND found.difference IS DISTINCT FROM old.difference
    RETURNING old.school
),

kept AS (
    UPDATE discrepancy
    SET last_seen = greatest(last_seen, $3::date),
        theirs = found.theirs,
        ours = found.ours,
        -- A game that was named once stays named.
        finding = CASE WHEN found.game_ids = '' AND cardinality(discrepancy.game_ids) > 0 THEN discrepancy.finding
            ELSE found.finding END,
        game_ids = CASE WHEN found.game_ids = '' THEN discrepancy.game_ids
            ELSE string_to_array(found.game_ids, ' ') END
    FROM found
    WHERE discrepancy.sport = $1 AND discrepancy.season = $2 AND discrepancy.resolved_at IS NULL
      AND discrepancy.school = found.school AND discrepancy.difference = found.difference
    RETURNING discrepancy.school
)

SELECT school, team_id, difference, theirs, ours, finding, game_ids
FROM found
WHERE school NOT IN (SELECT school FROM kept)
  AND (SELECT count(*) FROM ended) >= 0
