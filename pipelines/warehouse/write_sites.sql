UPDATE game_detail
SET is_neutral_site = given.is_neutral_site,
    neutral_site_basis = given.basis,
    neutral_site_confidence = given.confidence
FROM unnest($1::text[], $2::boolean[], $3::text[], $4::text[]) AS given (game_id, is_neutral_site, basis, confidence)
WHERE game_detail.game_id = given.game_id
