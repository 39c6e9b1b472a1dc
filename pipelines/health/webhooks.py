"""Calls the addresses at which people, or a service for them, wait for news of the pipeline."""

from typing import Final

import httpx

from pipelines.errors import AlertError

CALL_TIMEOUT: Final = 10.0
"""Seconds for each of connecting, sending and receiving; Dagster ends a sensor's evaluation after 60 seconds."""


def call(setting: str, address: str, message: dict[str, str] | None = None) -> None:
    """Posts a message, or gets the address. The address is a secret: errors name only its setting.

    Raises:
        AlertError: there was no answer, or one that is not a success.
    """
    try:
        if message is None:
            answer = httpx.get(address, timeout=CALL_TIMEOUT)
        else:
            answer = httpx.post(address, json=message, timeout=CALL_TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise AlertError(f"{setting} did not answer ({type(error).__name__}): check the address.") from None
    if not answer.is_success:
        raise AlertError(f"{setting} answered {answer.status_code}: check that the address is still valid.")
