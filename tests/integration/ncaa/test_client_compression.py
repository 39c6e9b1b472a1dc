"""Compressed answers: gzip within limits, and nothing else."""

import gzip
import time
import tracemalloc
import zlib
from functools import cache

import pytest
from support.api import Answer, Api
from support.client import BODY, assert_is_a_sentence, fetch

from pipelines.errors import NotAScoreboardError, UpstreamFailedError

MIB = 2**20


@cache
def compressed(megabytes: int, times: int = 1) -> bytes:
    """Returns so many MiB of zeros, compressed so many times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(packer.compress(bytes(MIB)) for _ in range(megabytes)) + packer.flush()
    for _ in range(times - 1):
        body = gzip.compress(body)
    return body


def assert_refused_cheaply(url: str, expected: str) -> None:
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(NotAScoreboardError, match=expected) as caught:
        fetch(url)
    used = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 1
    assert peak < 45 * MIB
    assert_is_a_sentence(caught.value, url)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", "identity, gzip"])
def test_gzip_is_decompressed(api: Api, encoding: str) -> None:
    api.always(Answer(gzip.compress(BODY), headers={"Content-Encoding": encoding}))
    assert fetch(api.url).body == BODY
    assert api.received[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip,gzip,gzip", "gzip, identity, gzip", "deflate, gzip"])
def test_more_than_one_coding_is_refused_unread(api: Api, encoding: str) -> None:
    api.always(Answer(compressed(128, times=2), headers={"Content-Encoding": encoding}))
    assert_refused_cheaply(api.url, "content encoding")


def test_two_headers_of_one_coding_each_are_refused(api: Api) -> None:
    body = compressed(128, times=2)
    api.always(
        lambda connection: connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\n"
            + f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
    )
    assert_refused_cheaply(api.url, "content encoding 'gzip, gzip'")


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "compress", "aes128gcm", "x" * 5000])
def test_a_coding_that_was_not_asked_for_is_refused(api: Api, encoding: str) -> None:
    api.always(Answer(zlib.compress(BODY), headers={"Content-Encoding": encoding}))
    refusal = rf"content encoding '{encoding[:50]}.*; expected gzip or none"
    with pytest.raises(NotAScoreboardError, match=refusal) as caught:
        fetch(api.url)
    assert_is_a_sentence(caught.value, api.url)


def test_a_bomb_of_one_coding_is_refused_at_20_mib(api: Api) -> None:
    api.always(Answer(compressed(128), headers={"Content-Encoding": "gzip"}))
    assert_refused_cheaply(api.url, "20 MiB")


def test_a_compressed_error_page_costs_its_beginning(api: Api) -> None:
    api.always(Answer(compressed(128), 502, {"Content-Encoding": "gzip"}))
    began = time.process_time()
    with pytest.raises(UpstreamFailedError, match="gave 502"):
        fetch(api.url)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("body", [b"no gzip at all", gzip.compress(b"upstream")[:-8]])
def test_a_corrupt_error_page_is_still_the_error_of_its_status(api: Api, body: bytes) -> None:
    api.always(Answer(body, 502, {"Content-Encoding": "gzip"}))
    with pytest.raises(UpstreamFailedError, match="gave 502"):
        fetch(api.url)


def test_20_mib_of_gzip_are_read(api: Api) -> None:
    api.always(Answer(compressed(20), headers={"Content-Encoding": "gzip"}))
    assert fetch(api.url).body == bytes(20 * MIB)
