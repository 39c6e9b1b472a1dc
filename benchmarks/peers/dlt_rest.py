"""dlt: its REST source over the dates, eight at a time, merged by key into one wide table `ncaa.games`."""

import datetime as dt
import os
from typing import Any

from benchmarks.peers.contender import MISSING_GROUP, dates_between, run

try:
    import dlt
    from dlt.sources.rest_api import rest_api_source
except ImportError:
    raise SystemExit(MISSING_GROUP) from None


def load(first: dt.date, last: dt.date) -> None:
    pipeline().run(source(first, last))


def pipeline() -> Any:
    """Returns the pipeline, whose state is in the folder `DLT_DATA_DIR` and in the database."""
    return dlt.pipeline(
        "ncaa", destination=dlt.destinations.postgres(os.environ["DATABASE_URL"]), dataset_name="ncaa", progress=None
    )


def source(first: dt.date, last: dt.date) -> Any:
    # One page per date, because dlt fetches pages concurrently.
    paths = [[{"path": f"{date:%Y/%m/%d}"}] for date in dates_between(first, last)]
    games = {
        "name": "games",
        "primary_key": "game_id",
        "write_disposition": {"disposition": "merge", "strategy": "upsert"},
        "endpoint": {"path": "{resources.dates.path}", "data_selector": "games", "paginator": "single_page"},
        "processing_steps": [{"map": _row}],
        "parallelized": True,
    }
    return rest_api_source(
        {
            "client": {"base_url": f"{os.environ['NCAA_API_URL']}/scoreboard/basketball-men/d1/"},
            "resources": [dlt.resource(paths, name="dates", selected=False), games],
        },
        name="ncaa",
    )


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    """Returns a flat row: from nested rows dlt would create two more tables, of the teams' conferences."""
    game = entry["game"]
    month, day, year = map(int, game["startDate"].split("/"))
    home, away = game["home"], game["away"]
    return {
        "game_id": f"ncaam_{game['url'].rpartition('/')[2]}",
        "game_date": dt.date(year, month, day),
        "state": game["gameState"],
        "start_time": dt.datetime.fromtimestamp(int(game["startTimeEpoch"]), dt.UTC),
        "period": game["currentPeriod"],
        "clock": game["contestClock"],
        "bracket_round": game["bracketRound"],
        "network": game["network"],
        **{f"home_{name}": value for name, value in _side(home).items()},
        **{f"away_{name}": value for name, value in _side(away).items()},
    }


def _side(side: dict[str, Any]) -> dict[str, Any]:
    conferences = side["conferences"]
    return {
        "slug": side["names"]["seo"],
        "name": side["names"]["short"],
        "abbreviation": side["names"]["char6"],
        "conference": conferences[0]["conferenceSeo"] if conferences else None,
        "score": int(side["score"]) if side["score"] else None,
        "rank": int(side["rank"]) if side["rank"] else None,
        "seed": int(side["seed"]) if side["seed"] else None,
    }


if __name__ == "__main__":
    run(load)
