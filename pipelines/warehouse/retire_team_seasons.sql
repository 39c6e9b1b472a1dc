-- $1 sport, $2 season, $3 slugs: teams whose current row is of an earlier season than the one being loaded.
UPDATE dim_team
SET is_current = FALSE,
    valid_to = make_date(season + 1, 8, 1),
    updated_at = now()
FROM unnest($3::text[]) AS incoming (slug)
WHERE dim_team.team_id = $1::text || '_' || incoming.slug
  AND dim_team.is_current
  AND dim_team.season < $2::int
