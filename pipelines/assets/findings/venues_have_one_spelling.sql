SELECT
    'WARN' AS severity,
    format('%s has %s', concat_ws(', ', min(city), min(state)),
        string_agg(venue_name, ', ' ORDER BY venue_name COLLATE "C" DESC)) AS finding,
    CAST(NULL AS date) AS game_date
FROM dim_venue
GROUP BY regexp_replace(lower(venue_name), '[^a-z0-9]', '', 'g'), lower(city), state
HAVING count(*) > 1
ORDER BY finding
