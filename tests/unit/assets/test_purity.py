"""Assets take settings, time and logger from their resources, so that a test replaces them by constructing others."""

import ast
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines import assets
from pipelines.resources import EventLogResource

CLOCKS = {"now", "today", "utcnow", "time", "monotonic", "perf_counter", "localtime", "gmtime"}
MODULES_OF_TIME = {"dt", "datetime", "date", "time", "pendulum"}


def impure_calls(source: str) -> Iterator[str]:
    """Yields calls that read settings, environment or clock."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom | ast.Import):
            yield from (alias.name for alias in node.names if alias.name in {"Settings", "os", "event_logger"})
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            if name in MODULES_OF_TIME:
                yield f"{name}.{node.func.attr}"


@pytest.mark.parametrize("path", sorted(Path(assets.__path__[0]).glob("*.py")), ids=lambda path: path.stem)
def test_no_asset_reads_settings_or_a_clock(path: Path) -> None:
    assert list(impure_calls(path.read_text())) == []


def test_the_rule_recognizes_what_it_forbids() -> None:
    source = "from pipelines.settings import Settings\nimport datetime as dt\ndt.datetime.now(dt.UTC)\ndt.date.today()"
    assert list(impure_calls(source)) == ["Settings", "datetime.now", "date.today"]


@pytest.mark.parametrize(("as_json", "start"), [(True, '{"'), (False, "20")])
def test_the_event_log_has_the_format_it_is_given(
    as_json: bool, start: str, capsys: pytest.CaptureFixture[str]
) -> None:
    resource = EventLogResource(as_json=as_json)
    resource.create_resource(dg.build_init_resource_context()).info("ncaa_games_asset_started", partition="2025-12-01")
    line = capsys.readouterr().out
    assert line.startswith(start)
    assert "ncaa_games_asset_started" in line
    assert "2025-12-01" in line
