"""The command `gamepulse prune`: deletes superseded runs from Dagster's history."""

import datetime as dt
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli.options import AsJson, Simulate, print_json


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only; delete nothing.")] = False,
    simulate: Simulate = False,
    as_json: AsJson = False,
) -> None:
    """Delete runs from Dagster's history that later runs superseded.

    A run goes 14 days after its end, a failed one after 90, when a later run succeeded for each of its dates. The run
    with the newest materialization of a date stays, so that the pages of the UI show the same as before.

    The job ncaa_prune does this every night. Games are never deleted.

    Example: gamepulse prune --dry-run

    Exit codes: 0 done; 1 the database cannot be used; 2 wrong arguments.
    """
    with Console(stderr=True).status("Looking for superseded runs" if dry_run else "Deleting superseded runs"):
        from pipelines.runtime.instance import open_instance
        from pipelines.runtime.prune import prune as prune_history

        with open_instance() as instance:
            pruned = prune_history(instance, dt.datetime.now(dt.UTC), dry_run=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, **pruned._asdict()})
    else:
        typer.echo(
            f"{'Would delete' if dry_run else 'Deleted'} {pruned.superseded:,} superseded and {pruned.failed:,} failed "
            f"runs, and {pruned.orphaned:,} rows of checks without a run."
        )
