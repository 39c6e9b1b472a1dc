"""Missing, broken and endless answers."""

import gzip
import socket
import struct
import threading
import time
import zlib

import pytest
from support.api import Answer, Api, head
from support.client import BODY, KEY, assert_is_a_sentence, fetch

from pipelines.errors import (
    ApiTimeoutError,
    ApiUnreachableError,
    NotAScoreboardError,
)


def test_no_answer_times_out(api: Api) -> None:
    api.always(lambda connection: api.released.wait(30))
    assert_times_out(api.url)


def test_an_answer_without_a_body_times_out(api: Api) -> None:
    def stall(connection: socket.socket) -> None:
        connection.sendall(head(Content_Length=100))
        api.released.wait(30)

    api.always(stall)
    assert_times_out(api.url)


def test_a_body_sent_byte_by_byte_times_out(api: Api) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(head(Content_Length=10_000))
        while not api.released.wait(0.02):
            connection.sendall(b" ")

    api.always(drip)
    assert_times_out(api.url)


def test_endless_headers_time_out(api: Api) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not api.released.wait(0.02):
            connection.sendall(b"X-A: b\r\n")

    api.always(drip)
    assert_times_out(api.url)


def assert_times_out(url: str) -> None:
    began = time.monotonic()
    with pytest.raises(ApiTimeoutError, match=r"0\.4 seconds") as caught:
        fetch(url, timeout=0.4)
    assert 0.3 < time.monotonic() - began < 3
    assert caught.value.retryable
    assert_is_a_sentence(caught.value, url)


def test_a_body_shorter_than_its_length_is_a_broken_connection(api: Api) -> None:
    def cut(connection: socket.socket) -> None:
        connection.sendall(head(Content_Length=len(BODY) + 1) + BODY)

    api.always(cut)
    assert_breaks(api.url)


def test_a_chunked_body_without_its_end_is_a_broken_connection(api: Api) -> None:
    def cut(connection: socket.socket) -> None:
        connection.sendall(head(Transfer_Encoding="chunked") + b"d\r\n" + BODY + b"\r\n")

    api.always(cut)
    assert_breaks(api.url)


def test_a_connection_reset_is_a_broken_connection(api: Api) -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    api.always(reset)
    assert_breaks(api.url)


def test_a_connection_reset_within_the_body_is_a_broken_connection(api: Api) -> None:
    def reset(connection: socket.socket) -> None:
        connection.sendall(head(Content_Length=1000) + BODY)
        time.sleep(0.1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    api.always(reset)
    assert_breaks(api.url)


def test_a_connection_closed_without_an_answer_is_a_broken_connection(api: Api) -> None:
    api.always(lambda connection: None)
    assert_breaks(api.url)


def test_a_closed_port_is_a_broken_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert_breaks(url)


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 two hundred\r\n\r\n", b"\x00\xff" * 50])
def test_a_server_of_another_protocol_is_a_broken_connection(api: Api, answer: bytes) -> None:
    api.always(lambda connection: connection.sendall(answer))
    assert_breaks(api.url)


def test_tls_with_a_server_that_has_none_is_a_broken_connection(api: Api) -> None:
    def refuse() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            urls.append(f"https://127.0.0.1:{listener.getsockname()[1]}")
            ready.set()
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    urls: list[str] = []
    ready = threading.Event()
    server = threading.Thread(target=refuse)
    server.start()
    assert ready.wait(5)
    assert_breaks(urls[0])
    server.join(5)


@pytest.mark.parametrize(
    "body", [b"no gzip at all", gzip.compress(BODY)[:-12] + b"\0" * 12, gzip.compress(BODY)[:-8], b""]
)
def test_a_body_that_cannot_be_decompressed_is_a_broken_connection(api: Api, body: bytes) -> None:
    api.always(Answer(body, headers={"Content-Encoding": "gzip"}))
    assert_breaks(api.url)


def assert_breaks(url: str) -> None:
    with pytest.raises(ApiUnreachableError) as caught:
        fetch(url, key=KEY)
    assert caught.value.retryable
    assert_is_a_sentence(caught.value, url)
    assert KEY not in str(caught.value)


def test_an_answer_of_20_mib_is_read(api: Api) -> None:
    body = b" " * (20 * 2**20)
    api.always(Answer(body))
    assert len(fetch(api.url).body) == len(body)


def test_an_answer_beyond_20_mib_is_refused_before_it_is_complete(api: Api) -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(head(Content_Length=2**40))
        while not api.released.is_set():
            sent += connection.send(b" " * 2**16)

    api.always(flood)
    assert_too_large(api.url)
    assert sent < 64 * 2**20


def test_a_gzip_bomb_is_refused_before_it_is_decompressed(api: Api) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    megabyte = b"\0" * 2**20
    megabytes = 0

    def explode(connection: socket.socket) -> None:
        nonlocal megabytes
        connection.sendall(head(Content_Encoding="gzip", Content_Length=2**40))
        while not api.released.is_set():
            connection.sendall(packer.compress(megabyte))
            megabytes += 1

    api.always(explode)
    assert_too_large(api.url)
    assert megabytes > 20


def assert_too_large(url: str) -> None:
    with pytest.raises(NotAScoreboardError, match="20 MiB") as caught:
        fetch(url)
    assert caught.value.retryable is False
    assert_is_a_sentence(caught.value, url)
