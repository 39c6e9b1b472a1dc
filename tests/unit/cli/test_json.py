"""Values of `--json`."""

import datetime as dt
import json

import pytest
from support.builders import at, day

from pipelines.cli.options import print_json
from pipelines.seasons import EASTERN


def test_moments_are_utc_and_names_readable(capsys: pytest.CaptureFixture[str]) -> None:
    moment = at("2026-01-10 19:07").astimezone(EASTERN)
    assert moment.utcoffset() == -dt.timedelta(hours=5)
    print_json({"fetched_at": moment, "dates": [day("2026-01-10")], "team": "San Jos\u00e9 St."})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {
        "fetched_at": "2026-01-11T00:07:00+00:00",
        "dates": ["2026-01-10"],
        "team": "San Jos\u00e9 St.",
    }
    assert "San Jos\u00e9 St." in shown
