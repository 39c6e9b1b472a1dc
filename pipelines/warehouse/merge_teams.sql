-- :aliases and :slugs: other spellings of team slugs, and the canonical slug of each.
-- One row per team season of a school with a row under an alias. Of several rows of one season the canonical one is kept,
-- else the oldest, which is renamed.
CREATE TEMPORARY TABLE merged_team ON COMMIT DROP AS
WITH spelled AS (
    SELECT team_key, sport, season, team.slug AS spelling, coalesce(alias.slug, team.slug) AS slug
    FROM dim_team AS team
    LEFT JOIN unnest(CAST(:aliases AS text[]), CAST(:slugs AS text[])) AS alias (spelling, slug)
        ON alias.spelling = team.slug
),
school AS (
    SELECT *, bool_or(spelling <> slug) OVER (PARTITION BY sport, slug) AS has_alias
    FROM spelled
)
SELECT
    team_key,
    first_value(team_key) OVER (PARTITION BY sport, slug, season ORDER BY spelling <> slug, team_key) AS kept_key,
    sport,
    slug,
    season,
    season = max(season) OVER (PARTITION BY sport, slug) AS is_latest
FROM school
WHERE has_alias;

UPDATE fact_game AS game
SET home_team_key = coalesce(
        (SELECT kept_key FROM merged_team WHERE team_key = game.home_team_key), game.home_team_key
    ),
    away_team_key = coalesce(
        (SELECT kept_key FROM merged_team WHERE team_key = game.away_team_key), game.away_team_key
    ),
    updated_at = now()
WHERE home_team_key IN (SELECT team_key FROM merged_team WHERE team_key <> kept_key)
   OR away_team_key IN (SELECT team_key FROM merged_team WHERE team_key <> kept_key);

UPDATE game_history AS history
SET home_team_key = coalesce(
        (SELECT kept_key FROM merged_team WHERE team_key = history.home_team_key), history.home_team_key
    ),
    away_team_key = coalesce(
        (SELECT kept_key FROM merged_team WHERE team_key = history.away_team_key), history.away_team_key
    )
WHERE home_team_key IN (SELECT team_key FROM merged_team WHERE team_key <> kept_key)
   OR away_team_key IN (SELECT team_key FROM merged_team WHERE team_key <> kept_key);

-- Before the update below, since a team has one current row at any moment.
UPDATE dim_team
SET is_current = FALSE,
    valid_to = make_date(dim_team.season + 1, 8, 1),
    updated_at = now()
FROM merged_team AS merged
WHERE dim_team.team_key = merged.team_key
  AND dim_team.is_current
  AND NOT merged.is_latest;

-- Each value is that of the newest game that gave one, as in a load.
WITH best AS (
    SELECT
        kept_key,
        merged.sport || '_' || merged.slug AS team_id,
        merged.slug,
        CASE
            WHEN max(team_name_watermark) = 0 THEN merged.slug
            ELSE (array_agg(team_name ORDER BY team_name_watermark DESC))[1]
        END AS team_name,
        (array_agg(full_name ORDER BY full_name_watermark DESC))[1] AS full_name,
        (array_agg(abbreviation ORDER BY abbreviation_watermark DESC))[1] AS abbreviation,
        (array_agg(conference_id ORDER BY conference_watermark DESC))[1] AS conference_id,
        (array_agg(conference_name ORDER BY conference_watermark DESC))[1] AS conference_name,
        max(team_name_watermark) AS team_name_watermark,
        max(full_name_watermark) AS full_name_watermark,
        max(abbreviation_watermark) AS abbreviation_watermark,
        max(conference_watermark) AS conference_watermark,
        is_latest AS is_current,
        CASE WHEN NOT is_latest THEN make_date(merged.season + 1, 8, 1) END AS valid_to
    FROM merged_team AS merged
    JOIN dim_team AS team USING (team_key)
    GROUP BY kept_key, merged.sport, merged.slug, merged.season, is_latest
)
UPDATE dim_team AS stored
SET team_id = best.team_id,
    slug = best.slug,
    team_name = best.team_name,
    full_name = best.full_name,
    abbreviation = best.abbreviation,
    conference_id = best.conference_id,
    conference_name = best.conference_name,
    team_name_watermark = best.team_name_watermark,
    full_name_watermark = best.full_name_watermark,
    abbreviation_watermark = best.abbreviation_watermark,
    conference_watermark = best.conference_watermark,
    is_current = best.is_current,
    valid_to = best.valid_to,
    updated_at = now()
FROM best
WHERE stored.team_key = best.kept_key
  AND (stored.team_id, stored.team_name, stored.full_name, stored.abbreviation, stored.conference_id,
       stored.conference_name, stored.team_name_watermark, stored.full_name_watermark,
       stored.abbreviation_watermark, stored.conference_watermark, stored.is_current)
      IS DISTINCT FROM
      (best.team_id, best.team_name, best.full_name, best.abbreviation, best.conference_id,
       best.conference_name, best.team_name_watermark, best.full_name_watermark,
       best.abbreviation_watermark, best.conference_watermark, best.is_current);

DELETE FROM dim_team
USING merged_team AS merged
WHERE dim_team.team_key = merged.team_key
  AND merged.team_key <> merged.kept_key;

UPDATE fact_game AS game
SET rivalry_factor = rivalry_factor(home.conference_id, away.conference_id),
    updated_at = now()
FROM dim_team AS home, dim_team AS away
WHERE home.team_key = game.home_team_key
  AND away.team_key = game.away_team_key
  AND (home.team_key IN (SELECT kept_key FROM merged_team) OR away.team_key IN (SELECT kept_key FROM merged_team))
  AND game.rivalry_factor <> rivalry_factor(home.conference_id, away.conference_id);

UPDATE game_evidence AS evidence
SET statement = statement || jsonb_build_object(
    'home_slug',
    coalesce(
        (
            SELECT slug
            FROM unnest(CAST(:aliases AS text[]), CAST(:slugs AS text[])) AS alias (spelling, slug)
            WHERE spelling = evidence.statement ->> 'home_slug'
        ),
        statement ->> 'home_slug'
    ),
    'away_slug',
    coalesce(
        (
            SELECT slug
            FROM unnest(CAST(:aliases AS text[]), CAST(:slugs AS text[])) AS alias (spelling, slug)
            WHERE spelling = evidence.statement ->> 'away_slug'
        ),
        statement ->> 'away_slug'
    )
)
WHERE statement ->> 'home_slug' = ANY (CAST(:aliases AS text[]))
   OR statement ->> 'away_slug' = ANY (CAST(:aliases AS text[]))
