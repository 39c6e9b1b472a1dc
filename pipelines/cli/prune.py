"""The command `gamepulse prune`: deletes superseded runs from Dagster's history, and old answers from the archive."""

import datetime as dt
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli.options import AsJson, Simulate, print_json
from pipelines.cli.output import say


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only; delete nothing.")] = False,
    simulate: Simulate = False,
    as_json: AsJson = False,
) -> None:
    """Delete superseded runs from Dagster's history, and old answers from the archive.

    A run goes 14 days after its end, a failed one after 90, when a later run succeeded for each of its dates. The run
    with the newest materialization of a date stays, so that the pages of the UI show the same as before.

    Raw answers go from the archive after ARCHIVE_DAYS; the last one about each date stays. Games are never deleted.

    The job ncaa_prune does this every night.

    Example: gamepulse prune --dry-run

    Exit codes: 0 done; 1 the database cannot be used; 2 wrong arguments.
    """
    with Console(stderr=True).status("Looking for superseded runs" if dry_run else "Deleting superseded runs"):
        from pipelines.postgres.database import connect, ready_database
        from pipelines.runtime.instance import open_instance
        from pipelines.runtime.prune import prune as prune_history
        from pipelines.settings import Settings
        from pipelines.warehouse.archive import prune_archive

        settings = Settings()
        with connect(ready_database(settings)) as connection:
            answers = prune_archive(connection, dt.datetime.now(dt.UTC), settings.archive_days)
            if not dry_run:
                connection.commit()
        with open_instance() as instance:
            pruned = prune_history(instance, dt.datetime.now(dt.UTC), dry_run=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, **pruned._asdict(), "answers": answers})
    else:
        say(
            f"{'Would delete' if dry_run else 'Deleted'} {pruned.superseded:,} superseded and {pruned.failed:,} failed "
            f"runs, {pruned.orphaned:,} rows of checks without a run, and {answers:,} answers of the archive."
        )
