"""Finding in a conversation: which characters match, and which match is shown. Searched in slices, newest text first."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.tui.widgets.transcript_model import Model

SLICE_CHARACTERS = 200_000
"""Searched in one turn."""


class Hit(NamedTuple):
    """A match in the text of a message; ordered as it is read."""

    message: int
    """Its index."""
    start: int
    end: int


class Find:
    """All matches of a text, ignoring case, in every message; complete once `search` has said so."""

    def __init__(self, model: Model, text: str) -> None:
        self.text = text
        self.current: Hit | None = None
        self._model = model
        self._pattern = re.compile(re.escape(text), re.IGNORECASE)
        self._next = len(model) - 1
        self._by_message: dict[int, list[Hit]] = {}
        self._hits: list[Hit] = []

    @property
    def is_complete(self) -> bool:
        return self._next < 0

    @property
    def total(self) -> int:
        return len(self._hits)

    @property
    def number(self) -> int:
        """The current hit's, from 1 at the top; 0 when there is none."""
        return 0 if self.current is None else bisect_left(self._hits, self.current) + 1

    def search(self, limit: int = SLICE_CHARACTERS) -> None:
        """Search some messages more, from the newest up, until about so many characters have been read."""
        found: list[list[Hit]] = []
        while self._next >= 0 and limit > 0:
            limit -= len(self._model.source(self._next)) + 50
            if hits := self._matches(self._next):
                self._by_message[self._next] = hits
                found.append(hits)
            self._next -= 1
        self._hits[:0] = [hit for hits in reversed(found) for hit in hits]

    def _matches(self, index: int) -> list[Hit]:
        source = self._model.source(index)
        return [Hit(index, *match.span()) for match in self._pattern.finditer(source)] if self.text else []

    def refresh(self, index: int) -> None:
        """A message that was searched has got more text."""
        if index > self._next:
            known = self._by_message.pop(index, [])
            self._hits = [hit for hit in self._hits if hit.message != index] if known else self._hits
            for hit in self._matches(index):
                self._by_message.setdefault(index, []).append(hit)
                insort(self._hits, hit)

    def within(self, index: int) -> Sequence[Hit]:
        """The hits in a message."""
        return self._by_message.get(index, ())

    def step(self, delta: int, nearest: int) -> Hit | None:
        """Go to the next hit (1) or the one before (-1), around the ends; at first the one nearest above a message."""
        if not self._hits:
            return None
        if self.current is None:
            at = bisect_left(self._hits, Hit(nearest + 1, 0, 0)) - 1
        else:
            at = bisect_left(self._hits, self.current) + delta
        self.current = self._hits[at % len(self._hits)]
        return self.current
