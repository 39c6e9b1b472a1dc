"""`python -m simulator`: the same command as `gamepulse simulate`."""

import typer

from simulator.cli import simulate

if __name__ == "__main__":
    typer.run(simulate)
