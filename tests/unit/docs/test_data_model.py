"""docs/data-model.md is up to date."""

import runpy
from pathlib import Path

from sqlmodel import SQLModel

from models.archive import ARCHIVE_TABLES
from models.tables import TABLES

PROJECT = Path(__file__).resolve().parents[3]
SCRIPT = runpy.run_path(str(PROJECT / "scripts/data_model.py"))


def test_the_document_equals_the_output_of_the_script() -> None:
    written = (PROJECT / "docs/data-model.md").read_text()
    assert written == SCRIPT["document"](), "run `uv run python scripts/data_model.py`"


def test_every_table_is_documented_and_every_column_has_a_description() -> None:
    models = (*TABLES, *ARCHIVE_TABLES)
    assert {model.__table__.fullname for model in models} == set(SQLModel.metadata.tables)
    for model in models:
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__tablename__}.{name}"
