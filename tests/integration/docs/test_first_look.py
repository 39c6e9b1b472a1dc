"""Executes docs/first-look.ipynb and the first lines of docs/using-the-data.md. Needs `uv run --group notebook`."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app

from .conftest import PASSWORD, Season

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DOCS = Path(__file__).resolve().parents[3] / "docs"
DOCUMENT = (DOCS / "using-the-data.md").read_text()


@pytest.fixture(autouse=True)
def _environment(season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", season.owner.render_as_string(hide_password=False))
    monkeypatch.setenv("GAMEPULSE_READER_PASSWORD", PASSWORD)


def test_the_notebook_draws_five_queries_of_the_document() -> None:
    import nbclient
    import nbformat

    notebook = nbformat.read(DOCS / "first-look.ipynb", 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code), "outputs are not committed"
    queries = [query for cell in code for query in re.findall(r'read_sql\(\n    """\n(.*?)"""', cell.source, re.DOTALL)]
    assert len(queries) == 5
    assert set(queries) <= set(re.findall(r"```sql\n(.*?)```", DOCUMENT, re.DOTALL))
    assert '"--simulate"' in code[0].source
    code[0].source = code[0].source.replace(', "--simulate"', "")  # which would be another database than the season's
    nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(DOCS)}}
    ).execute()
    for cell in code[1:]:
        assert any("image/png" in output.get("data", ()) for output in cell.outputs), cell.source


def test_pandas_polars_and_duckdb_give_the_same_teams_in_three_lines_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["export", "games"], catch_exceptions=False).exit_code == 0
    [before, _] = DOCUMENT.split("\n## ", 1)
    blocks = [re.sub("\n+", "\n", block).strip() for block in re.findall(r"```python\n(.*?)```", before, re.DOTALL)]
    assert [len(block.split("\n")) for block in blocks] == [3, 3, 3]
    pandas, polars, duckdb = (value_of(block) for block in blocks)
    expected = pandas.tolist()
    assert len(expected) == 5
    assert expected == polars["count"].to_list() == [won for _, won in duckdb.fetchall()]


def value_of(block: str) -> Any:
    """Executes lines of code and returns the value of the last one."""
    *lines, last = block.splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    return eval(compile(ast.parse(last, mode="eval"), "last line", "eval"), names)
