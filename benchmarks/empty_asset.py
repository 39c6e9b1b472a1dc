"""A code location with one asset that does nothing: what a run costs in Dagster alone."""

import dagster as dg


@dg.asset
def nothing() -> None:
    """Writes nothing, reads nothing."""


defs = dg.Definitions(
    assets=[nothing],
    jobs=[dg.define_asset_job("nothing_job", selection=[nothing])],
    executor=dg.in_process_executor,
)
