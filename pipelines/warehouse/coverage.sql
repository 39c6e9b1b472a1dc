-- Each date with games in the calendar, a loaded scoreboard, or a request.
WITH calendar AS (
    SELECT CAST(day.key AS date) AS game_date, CAST(day.value AS int) AS games
    FROM season_calendar, jsonb_each_text(games) AS day
    WHERE sport = :sport
),

known AS (
    SELECT game_date FROM calendar
    UNION
    SELECT game_date FROM scoreboard WHERE sport = :sport
    UNION
    SELECT game_date FROM requested_date WHERE sport = :sport
),

loaded AS (
    SELECT game_date, count(*) AS games
    FROM fact_game
    WHERE sport = :sport AND game_status <> 'withdrawn'
    GROUP BY game_date
)

SELECT
    known.game_date,
    coalesce(scoreboard.games_expected, calendar.games) AS games_expected,
    coalesce(loaded.games, 0) AS games_loaded,
    coalesce(scoreboard.games_undecided, 0) AS games_undecided,
    scoreboard.fetched_at,
    scoreboard.settled_at IS NOT NULL AS is_settled
FROM known
LEFT JOIN calendar ON calendar.game_date = known.game_date
LEFT JOIN scoreboard ON scoreboard.sport = :sport AND scoreboard.game_date = known.game_date
LEFT JOIN loaded ON loaded.game_date = known.game_date
ORDER BY known.game_date
