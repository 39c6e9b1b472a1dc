"""Tables without columns and rows, of which only the lock is used: whoever holds it has its turn.

A lock of a table needs a privilege on it, unlike an advisory lock, which every role of the server can take and keep.
"""

from typing import Final

LOAD_TURN: Final = "load_turn"
"""Held by a load for its transaction: loads follow each other."""
API_TURN: Final = "api_turn"
"""Held from a request to the NCAA's API until the next one may follow."""
TURN_NAMES: Final = (LOAD_TURN, API_TURN)


def take_turn(name: str) -> str:
    """Returns the statement that waits for a turn, in the order of arrival, and keeps it until the transaction ends.

    It writes no log and lets `pg_dump` pass.
    """
    return f"LOCK TABLE {name} IN EXCLUSIVE MODE"
