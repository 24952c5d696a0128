"""A growing text from which slices can be taken without ever joining the whole."""

from __future__ import annotations

from bisect import bisect_right

_CHUNK = 4096


class Rope:
    """Text in chunks."""

    __slots__ = ("_chunks", "_joined", "_length", "_starts")

    def __init__(self) -> None:
        self._chunks: list[str] = []
        self._starts: list[int] = []
        self._length = 0
        self._joined: str | None = ""

    def __len__(self) -> int:
        return self._length

    def __str__(self) -> str:
        if self._joined is None:
            self._joined = "".join(self._chunks)
        return self._joined

    def copy(self) -> Rope:
        """The same text, to go on differently."""
        other = Rope()
        other._chunks, other._starts, other._length = list(self._chunks), list(self._starts), self._length
        other._joined = self._joined
        return other

    def append(self, text: str) -> None:
        """Add at the end; small pieces are gathered into chunks."""
        if self._chunks and len(self._chunks[-1]) < _CHUNK:
            self._chunks[-1] += text
        else:
            self._starts.append(self._length)
            self._chunks.append(text)
        self._length += len(text)
        self._joined = None

    def slice(self, start: int, end: int) -> str:
        """The characters from start to end."""
        index = max(0, bisect_right(self._starts, start) - 1)
        parts: list[str] = []
        while index < len(self._chunks) and self._starts[index] < end:
            first = self._starts[index]
            parts.append(self._chunks[index][max(0, start - first) : end - first])
            index += 1
        return "".join(parts)
