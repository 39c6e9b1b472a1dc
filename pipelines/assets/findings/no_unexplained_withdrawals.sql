SELECT
    'WARN' AS severity,
    format('%s of %s was withdrawn at %s%s', game_id, game_date, updated_at,
        CASE WHEN game_period = 'final' THEN format(', final %s to %s', away_score, home_score) END) AS finding,
    game_date
FROM fact_game AS withdrawn
WHERE game_status = 'withdrawn'
  AND (game_period = 'final' OR updated_at > CAST(:now AS timestamptz) - INTERVAL '3 days')
  AND NOT EXISTS (
      SELECT FROM fact_game AS other
      WHERE other.game_date = withdrawn.game_date
        AND other.game_status <> 'withdrawn'
        AND other.home_team_key IN (withdrawn.home_team_key, withdrawn.away_team_key)
        AND other.away_team_key IN (withdrawn.home_team_key, withdrawn.away_team_key)
  )
  AND NOT EXISTS (
      SELECT FROM resolution
      WHERE resolution.game_id = withdrawn.game_id
        AND resolution.game_status = 'withdrawn'
        AND closed_at IS NULL
  )
UNION ALL
SELECT
    'WARN',
    format('%s of %s is unlisted since %s and will be withdrawn', fact_game.game_id, fact_game.game_date,
        game_evidence.contradicted_since),
    fact_game.game_date
FROM game_evidence
JOIN fact_game
    ON fact_game.game_id = game_evidence.sport || '_' || contest_id
    AND fact_game.game_date = game_evidence.game_date
WHERE contradiction = 'unlisted' AND fact_game.game_status <> 'withdrawn'
ORDER BY game_date DESC, finding
