"""An answer that is being received, blocking and asynchronous: the two halves of `transport.Response`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from llmtui.providers._content import unpacker
from llmtui.providers._exchange import Late
from llmtui.providers._failures import broken_off, too_late

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx

    from llmtui.core.errors import LlmtuiError
    from llmtui.providers._content import Unpacker
    from llmtui.providers._exchange import Exchange
    from llmtui.providers.base import Target

_DRAIN_S = 0.02
_DRAIN_BYTES = 64 * 1024


class _Answer:
    """What both have in common."""

    def __init__(self, response: httpx.Response, exchange: Exchange, target: Target) -> None:
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.sent_at = exchange.sent_at
        self._response = response
        self._exchange = exchange
        self._target = target
        self._encoding = target.scrub(self.headers.get("content-encoding", ""))
        self._unpacker: Unpacker | None = None
        self._limit_s = exchange.header_s
        self._closed = False
        from llmtui.providers._httpx import FAILURES

        self._failures = FAILURES
        self._intact = True
        """Nothing has gone wrong with the connection."""

    def limit(self, seconds: float) -> None:
        """From now on `read` raises TimedOut when so many seconds have passed."""
        self._limit_s = seconds
        self._exchange.at = time.monotonic() + seconds

    def _begin(self) -> None:
        """At the first read: raise MalformedResponse for an encoding that cannot be undone; a status counts without it."""
        self._unpacker = unpacker(self._encoding)

    def _failed(self, error: Exception) -> LlmtuiError:
        from llmtui.providers._httpx import TIMEOUTS

        self._intact = False
        if isinstance(error, (Late, *TIMEOUTS)):
            return too_late(f"sent no content for {self._limit_s:g} s", self._target)
        return broken_off(error, self._target)


class BlockingResponse(_Answer):
    """Its coroutines never suspend."""

    _pieces: Iterator[bytes] | None = None

    async def read(self) -> bytes:
        """The next bytes, b"" at the end; raise StreamBroken or TimedOut."""
        if self._pieces is None:
            self._begin()
            self._pieces = self._response.iter_raw()
        try:
            while True:
                if self._exchange.at <= time.monotonic():
                    raise Late  # even where bytes are waiting: comments that arrive in time are no content
                if self._unpacker is None:
                    return next(self._pieces, b"")
                if self._unpacker.has_more:
                    piece = self._unpacker.unpack()
                else:
                    packed = next(self._pieces, b"")
                    if not packed:
                        return b""
                    piece = self._unpacker.unpack(packed)
                if piece:
                    return piece
        except self._failures as error:
            raise self._failed(error) from None

    async def body(self, limit: int) -> bytes:
        """What is left, cut at `limit` bytes."""
        body = bytearray()
        while len(body) < limit and (piece := await self.read()):
            body += piece
        return bytes(body[:limit])

    async def close(self) -> None:
        """Give the connection up, or back when everything was read."""
        if not self._closed:
            self._closed = True
            self._response.close()


class AsyncResponse(_Answer):
    """The same for asyncio."""

    _pieces: AsyncIterator[bytes] | None = None

    def limit(self, seconds: float) -> None:
        """From now on `read` raises TimedOut when so many seconds have passed."""
        super().limit(seconds)
        if self._exchange.stream is not None:
            self._exchange.stream.watch()

    async def read(self) -> bytes:
        """The next bytes, b"" at the end; raise StreamBroken or TimedOut."""
        if self._pieces is None:
            self._begin()
            self._pieces = self._response.aiter_raw()
        try:
            while True:
                if self._exchange.at <= time.monotonic():
                    raise Late
                if self._unpacker is None:
                    return await anext(self._pieces, b"")
                if self._unpacker.has_more:
                    piece = self._unpacker.unpack()
                else:
                    packed = await anext(self._pieces, b"")
                    if not packed:
                        return b""
                    piece = self._unpacker.unpack(packed)
                if piece:
                    return piece
        except self._failures as error:
            raise self._failed(error) from None
        except BaseException:
            self._intact = False
            raise

    async def body(self, limit: int) -> bytes:
        """What is left, cut at `limit` bytes."""
        body = bytearray()
        while len(body) < limit and (piece := await self.read()):
            body += piece
        return bytes(body[:limit])

    async def close(self) -> None:
        """Give the connection up, or back when the answer was read to its end.

        A provider's terminal mark comes a moment before the end of the HTTP message. That moment is waited for: it saves
        the next question a new TLS connection.
        """
        from llmtui.core.errors import LlmtuiError

        if self._closed:
            return
        self._closed = True
        try:
            if self._intact and self._exchange.stream is not None:
                self.limit(_DRAIN_S)
                await self.body(_DRAIN_BYTES)
        except LlmtuiError:
            pass  # still sending: then the connection is given up
        finally:
            await self._response.aclose()
