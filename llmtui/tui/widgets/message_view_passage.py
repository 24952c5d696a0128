"""A text that may still be coming, beside the document that draws it: what has come waits here until it is drawn."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmtui.tui.render import Document, PlainDocument


class Passage:
    """The whole source, and a document that has been fed some of it."""

    __slots__ = ("_arrived", "_is_finished", "_queue", "_source", "document")

    def __init__(self, source: str) -> None:
        self.document: Document | PlainDocument | None = None
        self._source = source
        self._arrived: list[str] = []
        self._queue: deque[str] = deque()
        self._is_finished = False

    def __bool__(self) -> bool:
        return bool(self._source or self._arrived)

    @property
    def source(self) -> str:
        """All that has come, drawn or not."""
        if self._arrived:
            self._source += "".join(self._arrived)
            self._arrived.clear()
        return self._source

    @property
    def height(self) -> int:
        return 0 if self.document is None else self.document.height

    @property
    def is_waiting(self) -> bool:
        """Whether text has come that the document has not been fed."""
        return bool(self._queue)

    def append(self, text: str) -> None:
        self._arrived.append(text)
        if self.document is not None:
            self._queue.append(text)

    def begin(self, document: Document | PlainDocument, upto: int | None = None) -> None:
        """Draw with this document from the start (or only so many characters)."""
        self.document = document
        self._queue = deque([self.source[:upto]] if self else ())
        self._is_finished = False

    def release(self) -> None:
        """Give the document up; the text stays."""
        self.document = None
        self._queue.clear()

    def feed(self, limit: int) -> int:
        """Feed at most so many of the characters that wait; return how many are left of the limit."""
        while self._queue and limit > 0 and self.document is not None:
            text = self._queue.popleft()
            if len(text) > limit:
                self._queue.appendleft(text[limit:])
                text = text[:limit]
            while self._queue and len(text) + len(self._queue[0]) <= limit:
                text += self._queue.popleft()
            self.document.append(text)
            limit -= len(text)
        return limit

    def finish(self) -> None:
        """Nothing follows: let the document settle what was open."""
        if self.document is not None and not self._queue and not self._is_finished:
            self._is_finished = True
            self.document.finish()
