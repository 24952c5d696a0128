"""A text that may still be coming, beside the document that draws it: what has come waits here until it is drawn."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmtui.render import Document

QUICK = 20_000
"""Characters that are parsed as a whole within a turn of the event loop; more are parsed in a thread."""


class Passage:
    """The whole source, and a document that has been fed some of it."""

    __slots__ = ("_arrived", "_is_unseen", "_queue", "_source", "document", "is_settled")

    def __init__(self, source: str) -> None:
        self.document: Document | None = None
        self.is_settled = False
        """Nothing follows, and the document knows or is being told."""
        self._source = source
        self._arrived: list[str] = []
        self._queue: deque[str] = deque()
        self._is_unseen = False  # nothing is to be asked of the document before it is parsed

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
        return 0 if self.document is None or self._is_unseen else self.document.height

    @property
    def is_waiting(self) -> bool:
        """Whether text has come that the document has not been fed."""
        return bool(self._queue)

    def append(self, text: str) -> None:
        self._arrived.append(text)
        if self.document is not None:
            self._queue.append(text)

    def begin(self, document: Document, upto: int | None = None, *, is_whole: bool) -> None:
        """Draw with this document from the start (or only so many characters). `is_whole`: nothing will follow."""
        self.document = document
        self.is_settled = False
        text = self.source[:upto]
        self._queue.clear()
        if is_whole:
            document.append(text)
            self._is_unseen = len(text) > QUICK
        elif text:
            self._queue.append(text)

    def release(self) -> None:
        """Give the document up; the text stays."""
        self.document = None
        self._is_unseen = False
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

    def settle(self) -> bool:
        """Nothing follows: let the document look at the whole once more. False: that is too much, see `settle_apart`."""
        if self.document is None or self._queue or self.is_settled:
            return True
        self.is_settled = True
        if len(self.source) > QUICK:
            return False
        self.document.finish()
        return True

    async def settle_apart(self) -> None:
        """The same in a thread; the rows change when it is done."""
        document = self.document
        if document is None:
            return
        parsed = await asyncio.to_thread(document.reparse)
        if document is self.document:
            self._is_unseen = False
            document.adopt(parsed)
