"""`gamepulse history`."""

import json

import sqlalchemy as sa
from support.builders import game, scoreboard
from support.warehouse import Warehouse
from typer.testing import CliRunner

from pipelines.cli.app import app


def test_each_state_of_a_game_is_a_row(database_url: sa.URL, warehouse: Warehouse) -> None:
    def run(*arguments: str) -> tuple[int, list[str]]:
        variables = {"DATABASE_URL": database_url.render_as_string(hide_password=False), "COLUMNS": "100"}
        result = CliRunner().invoke(app, ["history", *arguments], env=variables)
        return result.exit_code, [" ".join(line.split()) for line in result.output.splitlines()]

    for moment, state in (("17 12:00", "scheduled"), ("17 19:45", "live 33-30 halftime"), ("17 21:15", "final 80-75")):
        warehouse.load(scoreboard("2026-01-17", f"2026-01-{moment}", game(7, "duke", "unc", state)))

    code, lines = run("ncaam_7")
    assert code == 0
    states = [line.partition("ET ")[2].partition("here) ")[2] or line.partition("ET ")[2] for line in lines]
    assert [state for state in states if state] == [
        "2026-01-17 scheduled Unc Duke",
        "2026-01-17 halftime Unc 30 33 Duke",
        "2026-01-17 final Unc 75 80 Duke",
    ]
    code, [text] = run("7", "--json")
    assert [version["home_score"] for version in json.loads(text)["versions"]] == [None, 33, 80]
    assert run("8") == (1, ["There is no game ncaam_8: `gamepulse scores DATE --json` has the game_id of each game."])
