"""A SOCKS 5 proxy on loopback, with or without a password, that leads every request to one port of this machine."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_NO_AUTH, _PASSWORD = b"\x05\x00", b"\x05\x02"
_ANSWER = b"\x05%b\x00\x01" + bytes(6)
_PATIENCE_S = 30.0


class SocksProxy:
    """Listens on a free port while it is used as a context manager. `asked` holds the addresses it was asked for."""

    def __init__(self, leads_to: int, *, password: bytes = b"", refuses: bool = False) -> None:
        self.asked: list[tuple[bytes, int]] = []
        self._leads_to = leads_to
        self._password = password
        self._refuses = refuses
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(_PATIENCE_S)
        with suppress(OSError), client, client.makefile("rb") as read:
            read.read(read.read(2)[1])
            client.sendall(_PASSWORD if self._password else _NO_AUTH)
            if self._password:
                read.read(read.read(2)[1])
                is_right = read.read(read.read(1)[0]) == self._password
                client.sendall(b"\x01\x00" if is_right else b"\x01\x01")
                if not is_right:
                    return
            kind = read.read(4)[3]
            host = read.read(4 if kind == 1 else 16 if kind == 4 else read.read(1)[0])
            self.asked.append((host, int.from_bytes(read.read(2))))
            client.sendall(_ANSWER % (b"\x05" if self._refuses else b"\x00"))
            if self._refuses:
                return
            with socket.create_connection(("127.0.0.1", self._leads_to)) as server:
                thread = threading.Thread(target=_copy, args=(server, client), daemon=True)
                thread.start()
                _copy(client, server)
                thread.join(_PATIENCE_S)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
