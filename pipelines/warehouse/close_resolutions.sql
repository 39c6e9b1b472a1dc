-- $1 ids of decisions that the source has come to agree with, $2 moment of its answer.
UPDATE resolution
SET closed_at = $2::timestamptz,
    closed_because = 'The source agrees.'
WHERE resolution_id = ANY ($1::bigint[])
