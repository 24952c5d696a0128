"""One JSON object a line, from bytes: split at LF and nowhere else, in bounded memory.

Decoded text must not be split into lines: U+0085 and its like stand unescaped in answers, and are no line ends in JSON.
"""

from __future__ import annotations

from llmtui.core.errors import MalformedResponse


class LineParser:
    """Feed it the bytes of one stream, in any pieces. Raise MalformedResponse for a line of more than `max_line_bytes`."""

    __slots__ = ("_buffer", "_max")

    def __init__(self, max_line_bytes: int = 8 * 1024 * 1024) -> None:
        self._max = max_line_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """Take the next bytes; return the lines they complete, without empty ones."""
        end = data.rfind(b"\n")
        if end < 0:
            self._buffer += data
            lines: list[bytes] = []
        else:
            lines = (bytes(self._buffer) + data[:end]).split(b"\n") if self._buffer else data[:end].split(b"\n")
            self._buffer[:] = data[end + 1 :]
        if len(self._buffer) > self._max or any(len(line) > self._max for line in lines):
            self._buffer.clear()
            raise MalformedResponse(
                f"The server sent a single line of more than {self._max // 1024:,} KiB",
                advice="Nothing sensible is that large: check that base_url leads to a model server.",
            )
        return [text for line in lines if (text := _text(line))]

    def close(self) -> list[str]:
        """The end of the stream: the last line, when no line end came after it."""
        rest = _text(bytes(self._buffer))
        self._buffer.clear()
        return [rest] if rest else []


def _text(line: bytes) -> str:
    """Without blanks around it, nor the mark that some write before the first line."""
    return line.decode("utf-8", "replace").removeprefix("\ufeff").strip()
