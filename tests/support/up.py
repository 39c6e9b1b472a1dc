"""Runs `gamepulse up --simulate` on free ports with a temporary `GAMEPULSE_HOME`."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from support.dagster_stack import PROJECT, environment, free_port, processes_with, until

GAMEPULSE = Path(sys.executable).parent / "gamepulse"


class Up:
    """One `gamepulse up --simulate`."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.log = folder / "up.log"
        self.port, self.simulator_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment(
            GAMEPULSE_HOME=str(self.home), GAMEPULSE_SIMULATOR_PORT=str(self.simulator_port), PYTHONUNBUFFERED="1"
        )

    def start(self) -> None:
        """Starts it and waits until the webserver answers."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [GAMEPULSE, "up", "--simulate", "--port", str(self.port)],
                cwd=PROJECT, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        until("the webserver answers", lambda: self._answers() or self.process.poll() is not None, 120)
        assert self.process.poll() is None, self.log.read_text()[-2000:]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs another command of `gamepulse` on the same state folder."""
        return subprocess.run(
            [GAMEPULSE, *arguments], cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False
        )

    def stop(self) -> None:
        """Stops it and removes whatever is left, also after a failed start."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        finally:
            self.run("down")
            for pid in processes_with("GAMEPULSE_HOME", str(self.home)):
                os.kill(pid, signal.SIGKILL)

    def set_faults(self, **faults: Mapping[str, object]) -> None:
        """Sets the API's faults, which stay until the next call."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.simulator_port}/simulator/faults",
            json.dumps({"faults": faults}).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=30).close()

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/server_info", timeout=5).close()
        except OSError:
            return False
        return True
