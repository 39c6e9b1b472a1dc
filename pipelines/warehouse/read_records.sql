-- $1 sport, $2 season, $3 last date, $4 teams and $5 how many conference games count of each: the record of each team.
-- Standings do not count conference tournaments, so the conference record is that of a team's first conference games.
WITH record AS MATERIALIZED (
    SELECT *, conference_wins + conference_losses AS conference_games
    FROM team_record
    WHERE sport = $1 AND season = $2 AND game_date <= $3
)

SELECT
    latest.team_id,
    latest.wins,
    latest.losses,
    coalesce(in_conference.conference_wins, 0) AS conference_wins,
    coalesce(in_conference.conference_losses, 0) AS conference_losses,
    latest.streak
FROM unnest($4::text[], $5::int[]) AS page (team_id, conference_games)
JOIN (SELECT DISTINCT ON (team_id) * FROM record ORDER BY team_id, wins + losses DESC) AS latest USING (team_id)
LEFT JOIN (
    SELECT DISTINCT ON (team_id, conference_games) * FROM record ORDER BY team_id, conference_games
) AS in_conference
    ON in_conference.team_id = page.team_id
    AND in_conference.conference_games = least(page.conference_games, latest.conference_games)
