"""The recipe "Add a column" of CONTRIBUTING.md, carried out on a copy of the repository."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.databases import Databases

PROJECT = Path(__file__).resolve().parents[2]
COPIED = ("models", "pipelines", "scripts", "docs", "tests/support", "pyproject.toml", "docker-compose.yml")
HEADLINE = "Duke survives Yale"

EDITS = {
    "models/fact_game.py": (
        r"(    venue: str \| None = )",
        r'    title: str | None = Field(sa_type=Text, description="Headline (`title`).")\n\1',
    ),
    "pipelines/ncaa/payload.py": (r"(class GamePayload\(.*?)\n\n", r"\1\n    title: Text | None\n\n"),
    "pipelines/ncaa/game.py": (r"(class Game:.*?\n    network: str \| None\n)", r"\1    title: str | None\n"),
    "pipelines/warehouse/evidence.py": (
        r"(class Statement\(.*?)\n\n    @property",
        r"\1\n    title: str | None\n\n    @property",
    ),
    "pipelines/warehouse/answer.py": (r"(    return Statement\(.*?)\n    \)", r"\1\n        game.title,\n    )"),
}
"""For each file a pattern and its replacement."""

VALUE_IN_PARSER = (
    "pipelines/ncaa/game.py",
    r"(            network=raw\.get.*?\n)",
    r'\1            title=raw.get("title"),\n',
)
ORNAMENT = ("pipelines/ncaa/payload.py", r'(        \("network",\),\n)', r'\1        ("title",),\n')

LOAD_AND_READ_BACK = """
import sys
import pipelines, sqlalchemy as sa
from support.postgres_servers import settings_for
from support.raw_games import parse_answer, raw_answer, raw_game
from support.warehouse import Warehouse
from pipelines.postgres.database import migrate

assert pipelines.__file__.startswith(sys.argv[2]), pipelines.__file__
url = sa.make_url(sys.argv[1])
migrate(settings_for(url))
with Warehouse.connect(url) as warehouse:
    for titles in [(sys.argv[3], 7), (sys.argv[3] + "!", 7)]:
        games = [raw_game(1, title=titles[0]), raw_game(2, "unc", "navy", title=titles[1])]
        report = warehouse.load(parse_answer(raw_answer(*games), "2026-01-17"), games_expected=2)
        print(report.games_inserted, report.games_updated)
    for row in warehouse.query("SELECT title FROM fact_game ORDER BY game_id"):
        print(row["title"])
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with the column `title`, added by the recipe."""
    copy = tmp_path_factory.mktemp("repository")
    for name in COPIED:
        source, target = PROJECT / name, copy / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for name, (pattern, replacement) in EDITS.items():
        edit(copy / name, pattern, replacement)
    for name, pattern, replacement in (VALUE_IN_PARSER, ORNAMENT):
        edit(copy / name, pattern, replacement)
    add_migration(copy)
    run(copy, "scripts/data_model.py")
    return copy


def edit(path: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, path.read_text(), count=1, flags=re.DOTALL)
    assert count == 1, f"{path.name} has nothing like {pattern!r}: bring the recipe in CONTRIBUTING.md up to date"
    path.write_text(text)


def add_migration(copy: Path) -> None:
    """Creates the migration by the command of the recipe, and fills it in."""
    versions = copy / "models/migrations/versions"
    before = set(versions.glob("*.py"))
    [command] = re.findall(r'uv run python -c "(.*alembic.*)"', (PROJECT / "CONTRIBUTING.md").read_text())
    run(copy, "-c", command)
    [migration] = set(versions.glob("*.py")) - before
    edit(
        migration,
        r"(def upgrade\(\) -> None:\n).*?(?=\n\n|\Z)",
        r'\1    op.add_column("fact_game", sa.Column("title", sa.Text()))',
    )


def run(copy: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{copy}:{copy / 'tests'}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def recipe() -> str:
    [section] = re.findall(
        r"^## Add a column\n(.*?)^## ", (PROJECT / "CONTRIBUTING.md").read_text(), re.MULTILINE | re.DOTALL
    )
    return str(section)


@pytest.fixture
def database(databases: Databases) -> Iterator[sa.URL]:
    with databases.temporary(migrated=False) as url:
        yield url


def test_the_recipe_names_every_file_that_was_edited() -> None:
    named = set(re.findall(r"^\d\. `([^`]+)`", recipe(), re.MULTILINE))
    assert named == {*EDITS, "models/migrations/versions/", "docs/data-model.md"}


def test_a_column_added_by_the_recipe_is_loaded_and_updated(copy: Path, database: sa.URL) -> None:
    url = database.render_as_string(hide_password=False)
    output = run(copy, "-c", LOAD_AND_READ_BACK, url, str(copy), HEADLINE)
    # The unreadable title of the second game is null and costs nothing; the changed one of the first is an update.
    assert output.splitlines() == ["2 0", "0 1", f"{HEADLINE}!", "None"]


def test_the_column_is_in_the_data_model(copy: Path) -> None:
    assert "| `title` | text | yes | Headline. | `title` |" in (copy / "docs/data-model.md").read_text()
