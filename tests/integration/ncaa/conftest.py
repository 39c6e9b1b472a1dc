"""A server whose answers are scripts over a bare socket."""

import threading
from collections.abc import Iterator

import pytest
from support.wire import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A server of bare sockets."""
    wire = Wire()
    thread = threading.Thread(target=wire.listen)
    thread.start()
    yield wire
    wire.stop()
    thread.join(5)
