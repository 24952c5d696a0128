"""Blocking connections that keep an exchange's limit, under httpx: every wait is cut to what is left of it."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from llmtui.providers._chunks import ChunkJoiner
from llmtui.providers._exchange import Late, current
from llmtui.providers._resolve import is_address, look_up

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from httpcore import NetworkBackend, NetworkStream

    from llmtui.providers._exchange import Exchange


class BlockingStream:
    """A connection. It wraps the HTTP library's own, which knows TLS within TLS and the sockets of every platform."""

    def __init__(self, inner: NetworkStream) -> None:
        self._inner = inner
        self._exchange: Exchange | None = None
        self._chunks = ChunkJoiner()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        exchange = self._exchange or current.get()
        while True:
            data = self._inner.read(max_bytes, exchange.remaining())
            exchange.arrived(data)
            if not data:
                return self._chunks.end()
            if joined := self._chunks.feed(data):
                return joined

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        exchange = self._exchange = current.get()
        exchange.writing(self, len(buffer))
        self._chunks.reset()
        self._inner.write(buffer, exchange.remaining())
        exchange.written()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> BlockingStream:
        return BlockingStream(self._inner.start_tls(ssl_context, server_hostname, current.get().remaining()))

    def close(self) -> None:
        self._inner.close()

    def watch(self) -> None:
        """The limit is looked at anew by each read."""

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class BlockingBackend:
    """Makes connections."""

    def __init__(self, inner: NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> BlockingStream:
        """Try the host's addresses one after the other, each with its share of the time left."""
        exchange = current.get()
        exchange.fresh = True
        addresses = _resolve(host, port, exchange)
        while addresses:
            address = addresses.pop(0)
            share = exchange.remaining() / (len(addresses) + 1)
            try:
                stream = self._inner.connect_tcp(address, port, share, local_address, socket_options or ())
            except Exception:
                if not addresses:
                    raise
            else:
                return BlockingStream(stream)
        raise OSError("the host has no address")

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


def _resolve(host: str, port: int, exchange: Exchange) -> list[str]:
    """The host's addresses, within the limit."""
    if is_address(host):
        return [host]
    answer: SimpleQueue[list[str] | OSError] = SimpleQueue()
    look_up(host, port, answer.put)
    try:
        found = answer.get(timeout=exchange.remaining())
    except Empty:
        raise Late from None
    if isinstance(found, OSError):
        raise found
    return found
