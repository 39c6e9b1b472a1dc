-- Forgets the neutral site of games that are no longer final, such as a contest that got another id; $1 sport, $2 season.
UPDATE game_detail
SET is_neutral_site = NULL,
    neutral_site_basis = NULL,
    neutral_site_confidence = NULL
FROM fact_game
WHERE fact_game.game_id = game_detail.game_id
  AND sport = $1
  AND season = $2
  AND game_status <> 'final'
  AND neutral_site_basis IS NOT NULL
