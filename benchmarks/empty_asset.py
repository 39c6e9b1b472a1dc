"""A code location with one asset that does nothing: the cost of a run in Dagster alone."""

import dagster as dg


@dg.asset
def nothing() -> None:
    """Does nothing."""


defs = dg.Definitions(
    assets=[nothing],
    jobs=[dg.define_asset_job("nothing_job", selection=[nothing])],
    executor=dg.in_process_executor,
)
