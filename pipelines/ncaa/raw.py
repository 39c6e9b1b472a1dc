"""A raw answer as the archive keeps it, and what makes two of them equal. Pure."""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

KEPT_HEADERS: Final = ("content-type", "date", "age", "server", "cf-cache-status", "cf-ray", "retry-after")
"""Headers that tell which host or cache an answer came from."""
_ENVELOPE: Final = re.compile(rb'("(?:updated_at|inputMD5Sum|instanceId)"\s*:\s*)"[^"\\]*"')


class RawAnswer(NamedTuple):
    """An answer before anything is made of it. Of one that is not 200 the body is truncated."""

    source_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: dt.datetime
    """When the permit to send the request was granted."""
    is_simulated: bool = False


def content_hash(body: bytes) -> bytes:
    """Returns the SHA-256 of a body without the values of the envelope around its `games`, which vary per request."""
    head, games, rest = body.partition(b'"games"')
    entries, end, tail = rest.rpartition(b"]")
    digest = hashlib.sha256(_ENVELOPE.sub(rb"\1", head))
    for part in (games, entries, end):
        digest.update(part)
    digest.update(_ENVELOPE.sub(rb"\1", tail))
    return digest.digest()
