"""Server-sent events from bytes: the WHATWG rules, in bounded memory, fast when many events come in one packet.

Lines are split as bytes at LF, CR and CRLF only: splitting decoded text the way `str.splitlines` does breaks at U+0085
and U+2028, which answers contain. Line ends are unified packet by packet, and everything up to the last blank line is
decoded and split in one go, so that the usual packet (many `data: {…}` events) costs a few string operations an event.
"""

from __future__ import annotations

from typing import NamedTuple

from llmtui.core.errors import MalformedResponse

_BOM = b"\xef\xbb\xbf"
_MAX_STRAY = 64 * 1024


class SseEvent(NamedTuple):
    """One dispatched event."""

    event: str
    """Its type; empty when none was named."""
    data: str
    """Its data lines, joined by LF."""


class SseParser:
    """Feed it the bytes of one stream, in any pieces.

    `id` and `retry` are understood and ignored: a model's answer is never resumed. Raise MalformedResponse for an event
    of more than `max_event_bytes`.
    """

    __slots__ = ("_after_cr", "_buffer", "_max", "_start", "_stray_size", "stray", "stray_places")

    def __init__(self, max_event_bytes: int = 8 * 1024 * 1024) -> None:
        self.stray: list[str] = []
        """Lines that are no field of the standard, which says to ignore them. Some servers write an error that way (raw
        JSON, without `data:`), or a whole answer in one line; none is kept beyond 64 Ki characters of earlier ones."""
        self.stray_places: list[int] = []
        """For each of them the number of events before it, counted from the beginning of the `feed` that found it."""
        self._stray_size = 0
        self._max = max_event_bytes
        self._buffer = bytearray()  # what follows the last blank line, its line ends unified to LF
        self._start: bytes | None = b""  # the first bytes, while they may still be a byte order mark
        self._after_cr = False

    def feed(self, data: bytes) -> list[SseEvent]:
        """Take the next bytes; return the events that they complete."""
        if self._start is not None:
            data = self._without_bom(data)
        if not data:
            return []
        if self._after_cr:
            self._after_cr = False
            if data[0] == 0x0A:  # the second half of a CRLF split between two packets
                data = data[1:]
        if b"\r" in data:
            self._after_cr = data[-1] == 0x0D
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if self._buffer:
            searched = len(self._buffer) - 1
            self._buffer += data
            end = self._buffer.rfind(b"\n\n", searched)
            if end < 0:
                return self._wait()
            complete = bytes(self._buffer[:end])
            del self._buffer[: end + 2]
        elif data.endswith(b"\n\n"):
            complete = data[:-2]
        else:
            end = data.rfind(b"\n\n")
            if end < 0:
                self._buffer += data
                return self._wait()
            complete = data[:end]
            self._buffer += data[end + 2 :]
        if self._buffer:
            self._wait()
        if len(complete) > self._max and any(len(block) > self._max for block in complete.split(b"\n\n")):
            raise self._too_large()
        return self._events(complete.decode("utf-8", "replace"))

    def close(self) -> list[SseEvent]:
        """The end of the stream.

        The standard drops an event that no blank line has ended. Here it is returned, for the adapter to judge: servers
        do leave out the last blank line, and a frame that was cut off must be reported, not skipped.
        """
        rest = bytes(self._start or b"") + bytes(self._buffer)
        self._start = None
        self._buffer.clear()
        return self._events(rest.decode("utf-8", "replace")) if rest else []

    def _events(self, text: str) -> list[SseEvent]:
        events: list[SseEvent] = []
        for block in text.split("\n\n"):
            if "\n" not in block and block.startswith("data: "):
                events.append(SseEvent("", block[6:]))
            elif block and (event := self._event(block, len(events))) is not None:
                events.append(event)
        return events

    def _event(self, block: str, place: int) -> SseEvent | None:
        """One event's lines; None when there is no data among them. `place`: so many events came before it."""
        kind = ""
        data: list[str] = []
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            if not name:  # an empty line, or a comment
                continue
            value = value.removeprefix(" ")
            if name == "data":
                data.append(value)
            elif name == "event":
                kind = value
            elif name not in {"id", "retry"} and self._stray_size < _MAX_STRAY:
                self._stray_size += len(line) + 1
                self.stray.append(line)
                self.stray_places.append(place)
        return SseEvent(kind, "\n".join(data)) if data else None

    def _without_bom(self, data: bytes) -> bytes:
        data = (self._start or b"") + data
        if len(data) < len(_BOM) and _BOM.startswith(data):
            self._start = data
            return b""
        self._start = None
        return data.removeprefix(_BOM)

    def _wait(self) -> list[SseEvent]:
        if len(self._buffer) > self._max:
            self._buffer.clear()
            raise self._too_large()
        return []

    def _too_large(self) -> MalformedResponse:
        return MalformedResponse(
            f"The server sent a single event of more than {self._max // 1024:,} KiB",
            advice="Nothing sensible is that large: check that base_url leads to a model server.",
        )
