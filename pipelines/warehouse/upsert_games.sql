-- $1 sport, $2 game date, $3 season, $4 feed, $5 fetched_at, $6 Eastern date of the fetch,
-- $7 whether games missing from the scoreboard have left it, $8 contest ids that could not be read,
-- $9… one array a column of the games.
WITH incoming AS (
    SELECT
        games.*,
        $1::text || '_' || games.contest_id AS game_id,
        home.team_key AS home_team_key,
        away.team_key AS away_team_key,
        rivalry_factor(home.conference_id, away.conference_id) AS rivalry_factor
    FROM unnest(
        $9::bigint[], $10::text[], $11::timestamptz[], $12::text[], $13::text[], $14::smallint[], $15::text[],
        $16::text[], $17::text[], $18::smallint[], $19::smallint[], $20::smallint[],
        $21::text[], $22::smallint[], $23::smallint[], $24::smallint[]
    ) AS games (
        contest_id, game_status, game_start_time, game_period, game_clock, overtime_periods, bracket_round,
        network, home_slug, home_score, home_rank, home_seed,
        away_slug, away_score, away_rank, away_seed
    )
    JOIN dim_team AS home ON home.team_id = $1::text || '_' || home_slug AND home.season = $3::int
    JOIN dim_team AS away ON away.team_id = $1::text || '_' || away_slug AND away.season = $3::int
),
-- What becomes of each game, by the rules of precedence.
judged AS (
    SELECT
        incoming.*,
        stored.game_key,
        stored.game_date AS stored_date,
        CASE
            WHEN stored.game_key IS NULL THEN 'insert'
            -- A later fetch put it on another date; of two at one instant the later date has it.
            WHEN stored.game_date <> $2::date
                AND (coalesce(stored.last_seen_at, elsewhere.fetched_at), stored.game_date)
                    > ($5::timestamptz, $2::date)
                THEN 'elsewhere'
            WHEN $4::text = 'legacy' AND stored.feed = 'current' THEN 'outranked'
            WHEN stored.game_status = 'final' AND incoming.game_status = 'scheduled'
                AND stored.game_date < $6::date
                THEN 'regression'
            ELSE 'apply'
        END AS verdict
    FROM incoming
    LEFT JOIN fact_game AS stored ON stored.game_id = incoming.game_id
    LEFT JOIN scoreboard AS elsewhere
        ON elsewhere.sport = stored.sport AND elsewhere.game_date = stored.game_date AND stored.game_date <> $2::date
),
-- The date as it will be: what is loaded now, and what stays.
on_the_date AS (
    SELECT contest_id, home_team_key, away_team_key
    FROM judged
    WHERE verdict IN ('insert', 'apply')
    UNION ALL
    SELECT split_part(stored.game_id, '_', 2)::bigint, stored.home_team_key, stored.away_team_key
    FROM fact_game AS stored
    LEFT JOIN judged ON judged.game_id = stored.game_id
    WHERE stored.game_date = $2::date
      AND stored.sport = $1::text
      AND stored.game_status <> 'withdrawn'
      AND (judged.verdict IS NULL OR judged.verdict IN ('outranked', 'regression'))
      AND NOT (
          $7::boolean
          AND judged.game_id IS NULL
          AND split_part(stored.game_id, '_', 2)::bigint <> ALL ($8::bigint[])
          AND NOT ($4::text = 'legacy' AND stored.feed = 'current')
      )
),
reissued AS (
    SELECT
        least(home_team_key, away_team_key) AS one_team_key,
        greatest(home_team_key, away_team_key) AS other_team_key,
        max(contest_id) AS newest_contest_id
    FROM on_the_date
    GROUP BY 1, 2
    HAVING count(*) > 1
),
resolved AS (
    SELECT
        judged.contest_id, judged.game_id, judged.game_key, judged.verdict, judged.home_team_key, judged.away_team_key,
        CASE WHEN is_reissued THEN 'withdrawn' ELSE judged.game_status END AS game_status,
        judged.game_start_time, judged.home_score, judged.away_score, judged.game_period,
        CASE WHEN NOT is_reissued THEN judged.game_clock END AS game_clock,
        judged.overtime_periods, judged.home_rank, judged.away_rank, judged.home_seed, judged.away_seed,
        judged.bracket_round, judged.network, judged.rivalry_factor
    FROM judged
    LEFT JOIN reissued
        ON one_team_key = least(judged.home_team_key, judged.away_team_key)
        AND other_team_key = greatest(judged.home_team_key, judged.away_team_key)
    CROSS JOIN LATERAL (
        SELECT judged.verdict IN ('insert', 'apply') AND coalesce(judged.contest_id < newest_contest_id, FALSE)
            AS is_reissued
    ) AS issues
),
compared AS (
    SELECT
        resolved.*,
        stored.game_status AS old_status,
        stored.network IS NULL AND resolved.network IS NOT NULL AS fills_network,
        (
            stored.game_date, stored.home_team_key, stored.away_team_key, stored.game_status, stored.game_start_time,
            stored.home_score, stored.away_score, stored.game_period, stored.game_clock, stored.overtime_periods,
            stored.home_rank, stored.away_rank, stored.home_seed, stored.away_seed, stored.bracket_round
        ) IS DISTINCT FROM (
            $2::date, resolved.home_team_key, resolved.away_team_key, resolved.game_status, resolved.game_start_time,
            resolved.home_score, resolved.away_score, resolved.game_period, resolved.game_clock,
            resolved.overtime_periods, resolved.home_rank, resolved.away_rank, resolved.home_seed, resolved.away_seed,
            resolved.bracket_round
        ) AS contradicts,
        (stored.network, stored.rivalry_factor, stored.feed, stored.last_seen_at) IS DISTINCT FROM (
            coalesce(resolved.network, stored.network), resolved.rivalry_factor, $4::text, NULL
        ) AS adds
    FROM resolved
    LEFT JOIN fact_game AS stored USING (game_key)
),
updated AS (
    UPDATE fact_game AS stored
    SET game_date = $2::date,
        game_date_key = to_char($2::date, 'YYYYMMDD')::int,
        home_team_key = compared.home_team_key,
        away_team_key = compared.away_team_key,
        game_status = compared.game_status,
        game_start_time = compared.game_start_time,
        home_score = compared.home_score,
        away_score = compared.away_score,
        game_period = compared.game_period,
        game_clock = compared.game_clock,
        overtime_periods = compared.overtime_periods,
        home_rank = compared.home_rank,
        away_rank = compared.away_rank,
        home_seed = compared.home_seed,
        away_seed = compared.away_seed,
        bracket_round = compared.bracket_round,
        network = coalesce(compared.network, stored.network),
        rivalry_factor = compared.rivalry_factor,
        feed = $4::text,
        last_seen_at = NULL,
        updated_at = now()
    FROM compared
    WHERE stored.game_key = compared.game_key
      AND verdict = 'apply'
      AND (contradicts OR adds)
),
filled AS (
    UPDATE fact_game AS stored
    SET network = compared.network,
        updated_at = now()
    FROM compared
    WHERE stored.game_key = compared.game_key
      AND verdict = 'outranked'
      AND fills_network
),
inserted AS (
    INSERT INTO fact_game (
        game_id, sport, game_date, game_date_key, home_team_key, away_team_key, game_status, game_start_time,
        home_score, away_score, game_period, game_clock, overtime_periods,
        home_rank, away_rank, home_seed, away_seed, bracket_round, network, rivalry_factor, feed
    )
    SELECT
        game_id, $1::text, $2::date, to_char($2::date, 'YYYYMMDD')::int, home_team_key, away_team_key, game_status,
        game_start_time, home_score, away_score, game_period, game_clock, overtime_periods,
        home_rank, away_rank, home_seed, away_seed, bracket_round, network, rivalry_factor, $4::text
    FROM compared
    WHERE verdict = 'insert'
    ORDER BY contest_id
)
SELECT
    count(*) FILTER (WHERE verdict = 'insert') AS games_inserted,
    count(*) FILTER (
        WHERE (verdict = 'apply' AND (contradicts OR adds))
        OR (verdict = 'outranked' AND NOT contradicts AND fills_network)
    ) AS games_updated,
    count(*) FILTER (WHERE verdict = 'regression' OR (verdict = 'outranked' AND contradicts)) AS games_suspect,
    count(*) FILTER (
        WHERE game_status = 'withdrawn' AND old_status IS DISTINCT FROM 'withdrawn' AND verdict IN ('insert', 'apply')
    ) AS games_withdrawn,
    count(*) AS games_judged
FROM compared
