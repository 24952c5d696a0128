"""An adapter whose decoder is listened to: the bytes as they come and the moments at which content came out of them."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING

from llmtui.core.events import ReasoningDelta, TextDelta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.core.events import StreamEvent
    from llmtui.core.request import ChatRequest
    from llmtui.providers.base import Decoder, Speaks, Target

LARGEST = 4 * 1024 * 1024
"""Bytes of an answer that are kept to be looked at."""


class Tap:
    """What was heard of one answer. Times are of `time.monotonic()`."""

    def __init__(self) -> None:
        self.raw = bytearray()
        self.is_cut = False
        """The answer was larger than what is kept."""
        self.content_at: list[float] = []
        self.last_at: float | None = None

    def take(self, data: bytes) -> None:
        self.last_at = time.monotonic()
        room = LARGEST - len(self.raw)
        self.raw += data[:room]
        self.is_cut = self.is_cut or len(data) > room


class _Tapped:
    """A decoder that is listened to."""

    def __init__(self, decoder: Decoder, tap: Tap) -> None:
        self._decoder = decoder
        self._tap = tap

    def feed(self, data: bytes) -> Sequence[StreamEvent]:
        self._tap.take(data)
        return self._timed(self._decoder.feed(data))

    def close(self) -> Sequence[StreamEvent]:
        self._tap.take(b"")
        return self._timed(self._decoder.close())

    def _timed(self, events: Sequence[StreamEvent]) -> Sequence[StreamEvent]:
        at = self._tap.last_at
        if at is not None:
            self._tap.content_at += [at for event in events if type(event) in (TextDelta, ReasoningDelta)]
        return events


def tapped(adapter: Speaks, tap: Tap) -> Speaks:
    """The adapter, its next answers heard by `tap`; everything else of it stays (some can look costs up)."""

    def decoder(request: ChatRequest, target: Target) -> Decoder:
        return _Tapped(adapter.decoder(request, target), tap)

    double = copy.copy(adapter)
    vars(double)["decoder"] = decoder
    return double
