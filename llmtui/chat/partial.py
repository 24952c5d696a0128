"""The answer so far, on its way to the disk: at most a second or 2 KiB of it is ever only in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FLUSH_SECONDS = 1.0
FLUSH_CHARACTERS = 2048


class PartialBuffer:
    """Gathers pieces of text and reasoning. A timer flushes what a stalling stream has left; at most one runs."""

    def __init__(self, flush: Callable[[str, str], None]) -> None:
        """`flush` gets the text and the reasoning since its last call; it must be safe to call from any thread."""
        self._flush = flush
        self._lock = threading.Lock()
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._size = 0
        self._timer: threading.Timer | None = None

    def add(self, text: str, reasoning: str | None) -> None:
        """Take a piece."""
        with self._lock:
            if text:
                self._text.append(text)
            if reasoning:
                self._reasoning.append(reasoning)
            self._size += len(text) + len(reasoning or "")
            if self._size >= FLUSH_CHARACTERS:
                self._write()
            elif self._timer is None:
                self._timer = threading.Timer(FLUSH_SECONDS, self._due)
                self._timer.daemon = True
                self._timer.start()

    def discard(self) -> None:
        """Forget what has not been flushed: the whole answer is about to be stored. Never blocks for long."""
        with self._lock:
            self._text.clear()
            self._reasoning.clear()
            self._size = 0
            self._stop_timer()

    def _due(self) -> None:
        with self._lock:
            self._timer = None
            if self._size:
                self._write()

    def _write(self) -> None:
        self._stop_timer()
        self._flush("".join(self._text), "".join(self._reasoning))
        self._text.clear()
        self._reasoning.clear()
        self._size = 0

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
