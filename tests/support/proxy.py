"""A TCP proxy before a server, which can go silent in the two ways that networks do."""

import ctypes
import socket
import struct
import threading
from types import TracebackType
from typing import Self

SO_ATTACH_FILTER = 26  # Linux; the module socket does not have it


class Proxy:
    """Forwards connections to a server, in threads of its own."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._is_open = threading.Event()
        self._is_open.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_open.set()
        for each in (self._listener, *self._sockets):
            each.close()

    def freeze(self) -> None:
        """Stops forwarding, as a pooler that hangs: the kernel still acknowledges what clients send."""
        self._is_open.clear()

    def forget(self) -> None:
        """Drops every packet of the present connections, as a firewall that forgot them. New connections work."""
        drop_all = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # BPF_RET 0: keep no byte
        program = struct.pack("HL", 1, ctypes.addressof(drop_all))
        for each in self._sockets:
            if each.fileno() == -1:
                continue
            each.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            self._sockets += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while received := source.recv(65_536):
                self._is_open.wait()
                target.sendall(received)
        except OSError:
            pass
        finally:
            for each in (source, target):
                each.close()
