SELECT
    'ERROR' AS severity,
    format('%s, contest %s: %s', game_date, coalesce(contest_id::text, 'unknown'), reason) AS finding,
    game_date
FROM rejected_game
ORDER BY game_date DESC, reject_key
