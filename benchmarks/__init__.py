"""How fast it is, as ratios that hold on any machine; `python -m benchmarks`."""
