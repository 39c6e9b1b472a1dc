"""The simulated API as a process of its own."""

import datetime as dt
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from urllib.error import URLError

_START_SECONDS = 180.0


@contextmanager
def running_simulator(last_season: int) -> Iterator[str]:
    """Its URL, on a free port. It plays the real calendar up to the season; today is the wall's."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "simulator", "--port", str(port), "--season", str(last_season)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The simulator does not answer at {url}.")
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait()


def set_clock(url: str, now: dt.datetime | None, speed: float = 1.0) -> None:
    """Eastern; None is the wall's present."""
    body = json.dumps({"now": now and now.isoformat(), "speed": speed}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/simulator/clock", body)) as answer:
        assert answer.status == HTTPStatus.OK, answer.status


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/simulator", timeout=10):
            return True
    except (URLError, TimeoutError):
        return False
