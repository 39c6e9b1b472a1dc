"""The queries of docs/runbook.md; its other commands belong to a stack, and tests/compose runs backup and restore."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.postgres.url import psycopg2_url

from .conftest import Season

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs/runbook.md").read_text()
QUERIES = [query for _, query in re.findall(r"""psql -- -c (["'])(SELECT .*?)\1\n""", DOCUMENT)]


def test_each_call_of_psql_has_a_query() -> None:
    assert len(QUERIES) == DOCUMENT.count("psql -- -c") > 0


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_tables_and_columns_that_there_are(season: Season, query: str) -> None:
    engine = sa.create_engine(psycopg2_url(season.reader, "public"))
    with engine.connect() as connection:
        assert connection.exec_driver_sql(query).all() == [], "all of the simulated games are over and none is rejected"
    engine.dispose()
