"""A fork server whose runs report their process instead of executing: `python -m support.forks DESCRIPTOR`."""

import json
import logging
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

from pipelines.runtime.fork_server import main
from pipelines.runtime.warm_runs import Start


def report(start: Start) -> None:
    """Obeys the environment: writes a report to the file REPORT, sleeps SLEEP seconds, dies by the signal DIE."""
    if path := os.environ.get("REPORT"):
        Path(path + ".part").write_text(json.dumps(state()))
        Path(path + ".part").rename(path)
    os.environ["LEFT_BY"] = start.run_id
    logging.getLogger().addHandler(logging.NullHandler())
    sys.modules["left_by_a_run"] = sys
    time.sleep(float(os.environ.get("SLEEP", "0")))
    if name := os.environ.get("DIE"):
        os.kill(os.getpid(), signal.Signals[name])


def state() -> dict[str, object]:
    """Returns what a run finds when it starts."""
    return {
        "pid": os.getpid(),
        "server": os.getppid(),
        "environment": dict(os.environ),
        "random": random.random(),
        "handlers": len(logging.getLogger().handlers),
        "left_by_a_run": "left_by_a_run" in sys.modules,
        "threads": [thread.name for thread in threading.enumerate()],
        "server_threads": len(list(Path(f"/proc/{os.getppid()}/task").iterdir())),
        "sockets": [name for name in map(_target, Path("/proc/self/fd").iterdir()) if name.startswith("socket:")],
        "grpc": "grpc" in sys.modules,
        "definitions": "pipelines.definitions" in sys.modules,
        "interrupts": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    }


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:  # the one with which the folder was listed
        return ""


if __name__ == "__main__":
    main(report)
