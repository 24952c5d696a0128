"""What moves the bytes, as a protocol: implemented with httpx in `_http.py`, blocking and asynchronous.

Every method is a coroutine function. In the blocking implementation none of them ever suspends, so that a turn can be
driven to its end without an event loop (importing asyncio would cost `--once` a third of its start-up time).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.providers.base import Target, WireRequest


class Response(Protocol):
    """An answer that is being received."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        ...

    @property
    def sent_at(self) -> float:
        """`time.monotonic()` when the request had been written."""
        ...

    def limit(self, seconds: float) -> None:
        """From now on `read` raises TimedOut when so many seconds have passed, whatever bytes arrive meanwhile.

        Called again after each content, it moves the limit; at most one second late.
        """
        ...

    async def read(self) -> bytes:
        """The next bytes (content encoding undone), b"" at the end; raise StreamBroken or TimedOut, mapped."""
        ...

    async def body(self, limit: int) -> bytes:
        """What is left, cut at `limit` bytes; for error bodies and lists."""
        ...

    async def close(self) -> None:
        """Give the connection up; safe to call twice."""
        ...


class Transport(Protocol):
    """Opens requests. One for the life of a program; connections are kept and used again."""

    async def open(self, request: WireRequest, target: Target, *, connect_s: float, header_s: float) -> Response:
        """Send the request and wait for the status line and headers.

        Raise ConnectionFailed (refused, reset, DNS, TLS) or TimedOut. Redirects are not followed. A key goes over plain
        http only to loopback or when the target says `insecure_http`; else ConfigError.
        """
        ...

    async def warm(self, target: Target) -> None:
        """Open a connection to the target ahead of time; failures are silent."""
        ...

    async def close(self) -> None: ...
