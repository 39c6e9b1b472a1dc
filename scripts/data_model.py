"""Writes docs/data-model.md from the models: `uv run python scripts/data_model.py`."""

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from models.archive import ARCHIVE_TABLES
from models.tables import TABLES
from models.views import VIEWS, View

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "data-model.md"
SOURCE = re.compile(r" \(([^()]*`[^()]*)\)\.$")
"""Matches the API fields of a column, at the end of its description."""

INTRODUCTION = """\
# Data model

Written by `uv run python scripts/data_model.py` from `models/`; change it there. Tables are in schema `public`
unless another is named.
*From* names the field of the API's game that a column is read from. Columns without one are derived.
"""


def document() -> str:
    """The whole file."""
    tables = [line for model in (*TABLES, *ARCHIVE_TABLES) for line in _table(model)]
    return "\n".join([INTRODUCTION, *tables, *(line for view in VIEWS for line in _view(view))])


def _table(model: type[SQLModel]) -> Iterator[str]:
    table: sa.Table = model.__table__  # type: ignore[attr-defined]
    yield f"## `{table.fullname}`\n\n{inspect.getdoc(model)}\n"
    yield "| column | type | null | meaning | from |\n|---|---|---|---|---|"
    for column in table.columns:
        description = model.model_fields[column.name].description or ""
        source = SOURCE.search(description)
        meaning = SOURCE.sub(".", description)
        null = "yes" if column.nullable else ""
        yield f"| `{column.name}` | {_type(column)} | {null} | {meaning} | {source[1] if source else ''} |"
    yield "\n" + "\n".join(f"- {key}" for key in _keys(table)) + "\n"


def _view(view: View) -> Iterator[str]:
    yield f"## View `{view.name}`\n\n{view.description}\n"
    yield "| column | type | meaning |\n|---|---|---|"
    yield from (f"| `{name}` | {column.type} | {column.meaning} |" for name, column in view.columns.items())
    yield ""


def _type(column: sa.Column[object]) -> str:
    return column.type.compile(postgresql.dialect()).lower()  # type: ignore[no-untyped-call]


def _keys(table: sa.Table) -> Iterator[str]:
    yield f"Primary key: {_names(table.primary_key.columns)}."
    unique = [
        _names(constraint.columns) for constraint in table.constraints if isinstance(constraint, sa.UniqueConstraint)
    ]
    for index in table.indexes:
        if index.unique:
            where = index.dialect_options["postgresql"]["where"]
            unique.append(_names(index.columns) + (f" where `{where}`" if where is not None else ""))
    yield from (f"Unique: {columns}." for columns in sorted(unique))
    for constraint in sorted(table.foreign_key_constraints, key=lambda constraint: _names(constraint.columns)):
        targets = _names(element.column for element in constraint.elements)
        yield f"Foreign key: {_names(constraint.columns)} to {targets} of `{constraint.referred_table.fullname}`."


def _names(columns: Iterable[sa.Column[object]]) -> str:
    return ", ".join(f"`{column.name}`" for column in columns)


if __name__ == "__main__":
    DOCUMENT.write_text(document())
