"""Runs the queries of docs/runbook.md. tests/compose runs its backup and restore."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.postgres.url import psycopg2_url

from .conftest import Season

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs/runbook.md").read_text()
QUERIES = [query for _, query in re.findall(r"""psql -- -c (["'])(SELECT .*?)\1\n""", DOCUMENT)]


def test_every_psql_command_has_a_query_that_is_tested() -> None:
    assert len(QUERIES) == DOCUMENT.count("psql -- -c") - DOCUMENT.count("psql -- -c 'VACUUM") > 0


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_runs_and_finds_nothing_in_a_finished_season(season: Season, query: str) -> None:
    url = season.owner if "archive." in query else season.reader
    engine = sa.create_engine(psycopg2_url(url, "public"))
    with engine.connect() as connection:
        assert connection.exec_driver_sql(query).all() == [], (
            "a finished simulated season has no open or rejected games"
        )
    engine.dispose()
