"""Opens this project's Dagster instance for the command line."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import DBAPIError

from pipelines.postgres.database import dagster_url
from pipelines.postgres.errors import translate_error
from pipelines.settings import INSTANCE, Settings


@contextmanager
def open_instance() -> Iterator[dg.DagsterInstance]:
    """Opens the instance of `dagster.yaml` on the database in use.

    Raises:
        DatabaseError: the database cannot be used, or the connection was lost.
    """
    url = dagster_url(Settings())
    try:
        with dg.DagsterInstance.from_config(str(INSTANCE)) as instance:
            yield instance
    except DagsterPostgresException as error:  # raised after Dagster's own attempts
        raise translate_error(url, error.__cause__ if isinstance(error.__cause__, Exception) else error) from None
    except DBAPIError as error:
        raise translate_error(url, error) from None
