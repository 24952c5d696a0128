"""One request on its way: its limit, which moves, and what is known of its connection.

The streams below httpx look the limit up themselves at each read. So it holds for a whole answer however the bytes
trickle in (httpx's own read time-out starts anew with every byte), and moving it costs one assignment: no timer and no
task a chunk.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Protocol


class Late(Exception):
    """The limit has passed."""


class Stream(Protocol):
    """A connection, as far as an exchange has to do with it."""

    def watch(self) -> None:
        """The exchange's limit has moved."""
        ...


_HTTP = b"HTTP/"
_UPLOAD_BYTES_PER_S = 50_000
"""The slowest line on which pictures are still sent to the end."""


class Exchange:
    """A request and its answer on one connection: `connect_s` to connect, then `header_s` for the headers."""

    __slots__ = ("at", "beginning", "fresh", "header_s", "received", "sent_at", "stream")

    def __init__(self, connect_s: float, header_s: float) -> None:
        self.at = time.monotonic() + connect_s
        """When the limit passes, by `time.monotonic()`."""
        self.header_s = header_s
        self.fresh = False
        """The connection was made for this request, not used again."""
        self.received = 0
        """Bytes of the answer."""
        self.beginning = b""
        """The first of them: enough to see whether it is HTTP."""
        self.sent_at = 0.0
        """When the request had been written; 0 before."""
        self.stream: Stream | None = None

    def remaining(self) -> float:
        """Seconds left; raise Late when there are none."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise Late
        return left

    def writing(self, stream: Stream, size: int) -> None:
        """The connection stands, and so many bytes of the request are about to be written."""
        self.stream = stream
        self.received = 0
        self.beginning = b""
        self.at = time.monotonic() + self.header_s + size / _UPLOAD_BYTES_PER_S

    def arrived(self, data: bytes) -> None:
        """Bytes of the answer are there."""
        self.received += len(data)
        if len(self.beginning) < len(_HTTP):
            self.beginning = (self.beginning + data)[: len(_HTTP)]

    @property
    def speaks_http(self) -> bool:
        """What has arrived so far could be the beginning of an answer."""
        return _HTTP.startswith(self.beginning)

    def written(self) -> None:
        """So far everything is written: from here on the headers are awaited."""
        self.sent_at = time.monotonic()
        self.at = self.sent_at + self.header_s


current: ContextVar[Exchange] = ContextVar("exchange")
"""The exchange that a connection is being made or written for."""
