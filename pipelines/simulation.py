"""Where `gamepulse up --simulate` serves its API."""

SIMULATOR_PORT = 8765
SIMULATOR_URL = f"http://127.0.0.1:{SIMULATOR_PORT}"
