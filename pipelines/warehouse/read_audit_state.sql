-- $1 sport, $2 season, $3 date of the standings, $4 last date that the page covers, $5 date that it counts in part:
-- what decides whether the page can be compared.
WITH previous AS (
    SELECT max(as_of) AS as_of, max(covers) AS covers
    FROM standing
    WHERE sport = $1 AND season = $2 AND as_of < $3 AND covers < $4
      AND as_of = (SELECT max(as_of) FROM standing WHERE sport = $1 AND season = $2 AND as_of < $3 AND covers < $4)
),

counted AS (
    SELECT DISTINCT record.game_date, record.game_id
    FROM team_record AS record
    WHERE record.sport = $1 AND record.season >= $2  -- a later one has begun where the page is frozen since the last
)

SELECT
    (SELECT is_simulated FROM scoreboard LIMIT 1) AS is_simulated,
    (
        SELECT max(game_date) FROM counted
        WHERE game_date > $4 AND game_date < $3 AND game_date IS DISTINCT FROM $5::date
    ) AS newer_games,
    previous.as_of AS previous_as_of,
    (SELECT count(*) FROM counted WHERE game_date > previous.covers AND game_date <= $4) AS games_since,
    -- NULL: the season's calendar is not known
    (
        SELECT array_agg(day::date ORDER BY day)
        FROM season_calendar, jsonb_object_keys(games) AS day
        WHERE season_calendar.sport = $1 AND season = $2
          AND day::date <= $4
          AND NOT EXISTS (SELECT FROM scoreboard WHERE scoreboard.sport = $1 AND scoreboard.game_date = day::date)
    ) AS missing_dates,
    EXISTS (
        SELECT FROM standing WHERE sport = $1 AND season = $2 AND as_of > $3 AND agrees IS NOT NULL
    ) AS is_superseded,
    EXISTS (SELECT FROM season_calendar WHERE season_calendar.sport = $1 AND season = $2) AS has_calendar
FROM previous
