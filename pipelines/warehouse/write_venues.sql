-- Apart from an upsert, which would use up an identity value for each known venue.
INSERT INTO dim_venue (venue_name, city, state)
SELECT DISTINCT given.*
FROM unnest($1::text[], $2::text[], $3::text[]) AS given (venue_name, city, state)
WHERE given.venue_name IS NOT NULL
  AND NOT EXISTS (
      SELECT
      FROM dim_venue AS known
      WHERE (known.venue_name, coalesce(known.city, ''), coalesce(known.state, ''))
          = (given.venue_name, coalesce(given.city, ''), coalesce(given.state, ''))
  )
ORDER BY venue_name, city, state
