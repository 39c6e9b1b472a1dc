-- $1 sport, $2 dates: deletes what loads made of them. Teams stay: each load of their games writes them again.
WITH history AS (
    DELETE FROM game_history
    USING fact_game
    WHERE game_history.game_id = fact_game.game_id
      AND fact_game.sport = $1::text
      AND fact_game.game_date = ANY ($2::date[])
),
details AS (
    DELETE FROM game_detail
    USING fact_game
    WHERE game_detail.game_id = fact_game.game_id
      AND fact_game.sport = $1::text
      AND fact_game.game_date = ANY ($2::date[])
),
games AS (
    DELETE FROM fact_game WHERE sport = $1::text AND game_date = ANY ($2::date[])
),
evidence AS (
    DELETE FROM game_evidence WHERE sport = $1::text AND game_date = ANY ($2::date[])
),
rejects AS (
    DELETE FROM rejected_game WHERE sport = $1::text AND game_date = ANY ($2::date[])
)
DELETE FROM scoreboard WHERE sport = $1::text AND game_date = ANY ($2::date[])
