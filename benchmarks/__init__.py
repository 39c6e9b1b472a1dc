"""Benchmarks, as ratios that hold on any machine. docs/performance.md has the results.

- `python -m benchmarks`: parse and load, against `json.loads` and a hand-written upsert.
- `python -m benchmarks.dagster_cost`: runs in Dagster, against runs of an asset that does nothing.
- `python -m benchmarks.leagues`: ten leagues, against one. docs/scaling.md has the results.
- `uv run --group peers python -m benchmarks.peers`: the alternatives that a user would choose instead.
"""

import sys
from pathlib import Path

# The benchmarks start PostgreSQL and create databases with the tests' `support` package.
sys.path.append(str(Path(__file__).parents[1] / "tests"))
