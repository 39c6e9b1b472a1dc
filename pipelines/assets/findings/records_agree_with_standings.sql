SELECT 'ERROR' AS severity, format('%s, since %s', finding, first_seen) AS finding, first_seen AS game_date
FROM discrepancy
WHERE resolved_at IS NULL
ORDER BY first_seen DESC, school
