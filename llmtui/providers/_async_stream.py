"""A connection for asyncio that keeps its exchange's limit.

A protocol of our own rather than the library's streams: those start and end a cancel scope for each read, some 15 µs,
which at ten thousand reads a second (200 answers at 50 tokens/s) would be a sixth of a core.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from llmtui.providers._chunks import ChunkJoiner
from llmtui.providers._exchange import Exchange, Late, current

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

_HIGH_WATER = 256 * 1024
"""Bytes that wait unread before the sender is held back."""
_AT_ONCE = 16 * 1024
"""Bytes handed on in one turn of the event loop: about eighty frames, some 5 ms of work."""


class AsyncStream(asyncio.Protocol):
    """A connection."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._pieces: list[bytes] = []
        self._size = 0
        self._held = False
        self._ended = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._lost: asyncio.Future[None] = self._loop.create_future()
        self._alarm: asyncio.TimerHandle | None = None
        self._chunks = ChunkJoiner()
        self.exchange: Exchange | None = None
        self.secured_for: str | None = None
        """The host of the TLS session that this is, when it was made ahead of time."""

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # of a stream socket it is a Transport

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        self._size += len(data)
        if self.exchange is not None:
            self.exchange.arrived(data)
        if self._size > _HIGH_WATER and not self._held and self._transport is not None:
            self._held = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._ended = True
        self._error = self._error or error
        if self._alarm is not None:
            self._alarm.cancel()
        self._wake()
        self.resume_writing()
        if not self._lost.done():
            self._lost.set_result(None)

    def pause_writing(self) -> None:
        self._writer = self._writer or self._loop.create_future()

    def resume_writing(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None and not writer.done():
            writer.set_result(None)

    # -- what the HTTP library calls

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            data = await self._received(max_bytes)
            if not data:
                return self._chunks.end()
            if joined := self._chunks.feed(data):
                return joined

    async def _received(self, max_bytes: int) -> bytes:
        if self._pieces:
            await asyncio.sleep(0)  # a server that sends faster than we read must not keep the keyboard waiting
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self._ended:
                return b""
            self._watch()
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        data = b"".join(self._pieces) if len(self._pieces) > 1 else self._pieces[0]
        max_bytes = min(max_bytes, _AT_ONCE)
        self._pieces = [data[max_bytes:]] if len(data) > max_bytes else []
        self._size = len(data) - max_bytes if self._pieces else 0
        if self._held and self._size < _HIGH_WATER // 4 and self._transport is not None and not self._ended:
            self._held = False
            self._transport.resume_reading()
        return data[:max_bytes]

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Errors are left for `read` to find: a server may answer before it has taken everything, and hang up."""
        exchange = self.exchange = current.get()
        exchange.writing(self, len(buffer))
        self._chunks.reset()
        if self._transport is not None and not self._ended and buffer:
            self._transport.write(buffer)
            if self._writer is not None:
                self._watch()
                await self._writer
                if isinstance(self._error, Late):
                    raise self._error
        exchange.written()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncStream:
        if self.secured_for is not None and self.secured_for == server_hostname:
            return self
        secured = AsyncStream()
        try:
            async with limited(current.get()):
                transport = await self._loop.start_tls(
                    self._transport,  # type: ignore[arg-type]
                    secured,
                    ssl_context,
                    server_hostname=server_hostname,
                )
        except BaseException:
            self._abort()
            raise
        secured.connection_made(transport)  # type: ignore[arg-type]
        return secured

    async def aclose(self) -> None:
        self._abort()
        if self._transport is not None:
            await asyncio.wait([self._lost], timeout=1)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return not self.is_usable
        return self._transport.get_extra_info(info) if self._transport is not None else None

    # -- limits

    @property
    def is_usable(self) -> bool:
        """Open, with nothing unasked-for received."""
        return not (self._ended or self._pieces or self._error)

    def fail(self, error: Exception) -> None:
        """Let whoever reads or writes get this error, now or next."""
        self._error = self._error or error
        self._pieces.clear()
        self._wake()
        self.resume_writing()

    def watch(self) -> None:
        """The limit has moved; an alarm that would come too late is set anew."""
        if self._reader is not None:
            self._watch()

    def _watch(self) -> None:
        """See that somebody wakes up at the limit. The alarm stays where it is while the limit moves away from it."""
        exchange = self.exchange
        if exchange is None:
            return
        if self._alarm is not None:
            if self._alarm.when() <= exchange.at:
                return
            self._alarm.cancel()
        # the loop's clock is the monotonic one
        self._alarm = self._loop.call_at(exchange.at, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        exchange = self.exchange
        if exchange is None or (self._reader is None and self._writer is None):
            return
        if exchange.at > time.monotonic():
            self._watch()
        else:
            self.fail(Late())

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _abort(self) -> None:
        self._ended = True
        if self._alarm is not None:
            self._alarm.cancel()
        if self._transport is not None:
            self._transport.abort()


@asynccontextmanager
async def limited(exchange: Exchange) -> AsyncIterator[None]:
    """Cancels what is inside when the exchange's limit passes, and raises Late."""
    timeout = asyncio.timeout_at(exchange.at)
    try:
        async with timeout:
            yield
    except TimeoutError:
        if timeout.expired():
            raise Late from None
        raise
