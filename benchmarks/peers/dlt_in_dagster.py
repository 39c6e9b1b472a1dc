"""dlt as a Dagster asset with `dagster-dlt`, in one run on an instance like ours."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import dagster as dg

from benchmarks.peers.contender import MISSING_GROUP, run
from benchmarks.peers.dlt_rest import pipeline, source
from pipelines.settings import PROJECT

try:
    from dagster_dlt import DagsterDltResource, dlt_assets
except ImportError:
    raise SystemExit(MISSING_GROUP) from None


def load(first: dt.date, last: dt.date) -> None:
    @dlt_assets(dlt_source=source(first, last), dlt_pipeline=pipeline(), name="ncaa", group_name="ncaa")
    def games(context: dg.AssetExecutionContext, dlt: DagsterDltResource) -> Iterator[Any]:
        yield from dlt.run(context=context)

    defs = dg.Definitions(assets=[games], resources={"dlt": DagsterDltResource()}, executor=dg.in_process_executor)
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        defs.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)


if __name__ == "__main__":
    run(load)
