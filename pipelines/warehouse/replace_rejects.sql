-- $1 sport, $2 game date, $3 whether games missing from the scoreboard have left it, $4 contest ids that loaded,
-- $5 keys, $6 contest ids, $7 reasons and $8 payloads of the rejects.
-- A reject goes when its game loads, or leaves; one without a contest id goes with the scoreboard that had it.
WITH incoming AS (
    SELECT * FROM unnest($5::text[], $6::bigint[], $7::text[], $8::text[]) AS columns (reject_key, contest_id, reason, payload)
),
deleted AS (
    DELETE FROM rejected_game
    WHERE sport = $1::text
      AND reject_key <> ALL ($5::text[])
      AND (contest_id = ANY ($4::bigint[]) OR (game_date = $2::date AND ($3::boolean OR contest_id IS NULL)))
    RETURNING reject_key
),
written AS (
    INSERT INTO rejected_game (sport, reject_key, game_date, contest_id, reason, payload)
    SELECT $1::text, reject_key, $2::date, contest_id, reason, payload
    FROM incoming
    WHERE NOT EXISTS (
        SELECT FROM rejected_game AS stored
        WHERE stored.sport = $1::text
          AND stored.reject_key = incoming.reject_key
          AND (stored.game_date, stored.reason, stored.payload) = ($2::date, incoming.reason, incoming.payload)
    )
    ON CONFLICT (sport, reject_key) DO UPDATE
    SET game_date = excluded.game_date,
        reason = excluded.reason,
        payload = excluded.payload,
        updated_at = now()
    RETURNING reject_key
)
SELECT (SELECT count(*) FROM deleted) + (SELECT count(*) FROM written) AS rows_changed
