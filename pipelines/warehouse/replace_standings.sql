-- $1 sport, $2 date of the standings; the rest is one array per column.
WITH removed AS (
    DELETE FROM standing WHERE sport = $1 AND as_of = $2 AND school <> ALL ($5::text[])
)

INSERT INTO standing (
    sport, as_of, season, covers, page_updated_at, fetched_at, school, team_id, conference, wins, losses,
    conference_wins, conference_losses, streak, agrees, not_compared
)
SELECT $1, $2, $3, $4, $13, $14, page.*
FROM unnest(
    $5::text[], $6::text[], $7::text[], $8::int[], $9::int[], $10::int[], $11::int[], $12::int[], $15::bool[],
    $16::text[]
) AS page
ON CONFLICT (sport, as_of, school) DO UPDATE SET
    season = excluded.season,
    covers = excluded.covers,
    page_updated_at = excluded.page_updated_at,
    fetched_at = excluded.fetched_at,
    team_id = excluded.team_id,
    conference = excluded.conference,
    wins = excluded.wins,
    losses = excluded.losses,
    conference_wins = excluded.conference_wins,
    conference_losses = excluded.conference_losses,
    streak = excluded.streak,
    agrees = excluded.agrees,
    not_compared = excluded.not_compared
