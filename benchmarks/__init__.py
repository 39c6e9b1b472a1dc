"""How fast it is, as ratios that hold on any machine.

- `python -m benchmarks`: parse and load, against `json.loads` and a hand-written upsert.
- `python -m benchmarks.season`: a season, fetched and loaded, against what its requests alone need.
- `python -m benchmarks.dagster_cost`: runs in Dagster, against runs of an asset that does nothing.
- `uv run --group peers python -m benchmarks.peers`: what a user would pick instead.

What they said is in `docs/performance.md`.
"""
