-- Spells that ended before :before, but for the last loaded one of each date and season, and refused ones beyond the newest.
WITH obsolete AS (
    SELECT sighting_id
    FROM archive.sighting
    WHERE last_recorded_at < CAST(:before AS timestamptz)
      AND sighting_id NOT IN (
          SELECT max(sighting_id) FROM archive.sighting WHERE outcome = 'loaded' GROUP BY sport, endpoint, subject
      )
    UNION
    (
        SELECT sighting_id
        FROM archive.sighting
        WHERE outcome = 'refused'
        ORDER BY sighting_id DESC
        OFFSET :refused
    )
)

DELETE FROM archive.sighting
USING obsolete
WHERE sighting.sighting_id = obsolete.sighting_id
