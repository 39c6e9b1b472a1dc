SELECT
    'WARN' AS severity,
    concat_ws(': ', format('%s has %s unreadable values', game_date, fields_unreadable), unreadable_sample)
        AS finding,
    game_date
FROM scoreboard
WHERE fields_unreadable > 0
ORDER BY game_date DESC
