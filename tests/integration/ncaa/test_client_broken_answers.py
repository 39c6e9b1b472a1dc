"""Answers that do not come, come broken or never end."""

import gzip
import socket
import struct
import threading
import time
import zlib

import pytest
from support.wire import BODY, KEY, Wire, ask, assert_is_a_sentence, head, says

from pipelines.errors import (
    ApiTimeoutError,
    ApiUnreachableError,
    NotAScoreboardError,
)


def test_a_server_that_never_answers_is_left_at_the_limit(wire: Wire) -> None:
    wire.script = lambda connection: wire.released.wait(30)
    assert_times_out(wire.url)


def test_a_server_that_stops_after_the_head_is_left_at_the_limit(wire: Wire) -> None:
    def stall(connection: socket.socket) -> None:
        connection.sendall(head(Content_Length=100))
        wire.released.wait(30)

    wire.script = stall
    assert_times_out(wire.url)


def test_a_server_that_sends_byte_by_byte_for_ever_is_left_at_the_limit(wire: Wire) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(head(Content_Length=10_000))
        while not wire.released.wait(0.02):
            connection.sendall(b" ")

    wire.script = drip
    assert_times_out(wire.url)


def test_a_server_that_sends_headers_for_ever_is_left_at_the_limit(wire: Wire) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not wire.released.wait(0.02):
            connection.sendall(b"X-A: b\r\n")

    wire.script = drip
    assert_times_out(wire.url)


def assert_times_out(url: str) -> None:
    began = time.monotonic()
    with pytest.raises(ApiTimeoutError, match=r"0\.4 seconds") as caught:
        ask(url, timeout=0.4)
    assert 0.3 < time.monotonic() - began < 3
    assert caught.value.retryable
    assert_is_a_sentence(caught.value, url)


def test_a_body_shorter_than_promised_is_no_answer(wire: Wire) -> None:
    def cut(connection: socket.socket) -> None:
        connection.sendall(head(Content_Length=len(BODY) + 1) + BODY)

    wire.script = cut
    assert_breaks(wire.url)


def test_a_chunked_body_without_its_end_is_no_answer(wire: Wire) -> None:
    def cut(connection: socket.socket) -> None:
        connection.sendall(head(Transfer_Encoding="chunked") + b"d\r\n" + BODY + b"\r\n")

    wire.script = cut
    assert_breaks(wire.url)


def test_a_connection_reset_is_a_broken_connection(wire: Wire) -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    wire.script = reset
    assert_breaks(wire.url)


def test_a_connection_reset_within_the_body_is_a_broken_connection(wire: Wire) -> None:
    def reset(connection: socket.socket) -> None:
        connection.sendall(head(Content_Length=1000) + BODY)
        time.sleep(0.1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    wire.script = reset
    assert_breaks(wire.url)


def test_a_connection_closed_without_a_word_is_a_broken_connection(wire: Wire) -> None:
    assert_breaks(wire.url)


def test_a_port_where_nobody_listens_is_a_broken_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert_breaks(url)


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 two hundred\r\n\r\n", b"\x00\xff" * 50])
def test_a_server_of_another_protocol_is_a_broken_connection(wire: Wire, said: bytes) -> None:
    wire.script = lambda connection: connection.sendall(said)
    assert_breaks(wire.url)


def test_tls_asked_of_a_server_without_is_a_broken_connection(wire: Wire) -> None:
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


@pytest.mark.parametrize("body", [b"no gzip at all", gzip.compress(BODY)[:-12] + b"\0" * 12])
def test_a_body_that_cannot_be_unpacked_is_a_broken_answer(wire: Wire, body: bytes) -> None:
    wire.script = says(body, Content_Encoding="gzip")
    assert_breaks(wire.url)


def assert_breaks(url: str) -> None:
    with pytest.raises(ApiUnreachableError) as caught:
        ask(url, key=KEY)
    assert caught.value.retryable
    assert_is_a_sentence(caught.value, url)
    assert KEY not in str(caught.value)


def test_an_answer_of_20_mib_is_read(wire: Wire) -> None:
    body = b" " * (20 * 2**20)
    wire.script = says(body)
    assert len(ask(wire.url).body) == len(body)


def test_an_answer_beyond_20_mib_is_refused_before_it_is_whole(wire: Wire) -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(head(Content_Length=2**40))
        while not wire.released.is_set():
            sent += connection.send(b" " * 2**16)

    wire.script = flood
    assert_too_large(wire.url)
    assert sent < 64 * 2**20


def test_a_gzip_bomb_is_refused_without_being_unpacked_whole(wire: Wire) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    megabyte = b"\0" * 2**20
    megabytes = 0

    def explode(connection: socket.socket) -> None:
        nonlocal megabytes
        connection.sendall(head(Content_Encoding="gzip", Content_Length=2**40))
        while not wire.released.is_set():
            connection.sendall(packer.compress(megabyte))
            megabytes += 1

    wire.script = explode
    assert_too_large(wire.url)
    assert megabytes > 20


def assert_too_large(url: str) -> None:
    with pytest.raises(NotAScoreboardError, match="20 MiB") as caught:
        ask(url)
    assert caught.value.retryable is False
    assert_is_a_sentence(caught.value, url)
