"""The pipeline as deployed: the asset in one Dagster run over the range, with its checks and metadata."""

import datetime as dt

import dagster as dg

from benchmarks.peers.contender import run
from pipelines.definitions import defs
from pipelines.runtime.runs import RANGE_TAGS
from pipelines.settings import PROJECT


def load(first: dt.date, last: dt.date) -> None:
    tags = dict(zip(RANGE_TAGS, (first.isoformat(), last.isoformat()), strict=True))
    with dg.DagsterInstance.from_config(str(PROJECT)) as instance:
        defs.resolve_job_def("ncaa_ingestion").execute_in_process(instance=instance, tags=tags)


if __name__ == "__main__":
    run(load)
