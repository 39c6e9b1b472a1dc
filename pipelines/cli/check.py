"""The command `gamepulse check`: the checks of the tables, without Dagster's daemon."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from pipelines.cli.options import AsJson, Simulate, print_json
from pipelines.cli.output import cell
from pipelines.postgres.sessions import Database
from pipelines.settings import Settings

if TYPE_CHECKING:
    import dagster as dg


def check(simulate: Simulate = False, as_json: AsJson = False) -> None:
    """Run the checks of the tables now, without the daemon. Nothing is recorded.

    Dagster runs the same checks every hour, and after changed rows. gamepulse accept keeps known findings out.

    Example: gamepulse check --json

    Exit codes: 0 all checks passed; 1 some did not, or the database cannot be used; 2 wrong arguments.
    """
    with Console(stderr=True).status("Running the checks"):  # the import of Dagster takes seconds
        results = asyncio.run(_results())
    passed = all(result.passed for result in results)
    if as_json:
        print_json({"passed": passed, "checks": {str(result.check_name): _to_json(result) for result in results}})
    else:
        Console().print(check_table(results))
    if not passed:
        raise typer.Exit(1)


async def _results() -> "list[dg.AssetCheckResult]":
    from pipelines.assets.checks import run_checks

    async with Database(Settings()) as database:
        return await run_checks(database, await database.now())


def _to_json(result: "dg.AssetCheckResult") -> dict[str, object]:
    findings = {name: value.value for name, value in result.metadata.items()}
    return {"state": _state(result), "description": result.description, **findings}


def _state(result: "dg.AssetCheckResult") -> str:
    return "passed" if result.passed else "warning" if result.severity.value == "WARN" else "error"


def check_table(results: "Sequence[dg.AssetCheckResult]") -> Table:
    """Returns one row per check."""
    table = Table("Check", "State", "Findings")
    styles = {"passed": "green", "warning": "yellow", "error": "bold red"}
    for result in results:
        state = _state(result)
        findings = "" if result.passed else str(result.description)
        table.add_row(result.check_name, cell(state, styles[state]), cell(findings))
    return table
