"""Reads the terminal's input so that a paste is text, whatever it contains, and never sends.

Textual's parser goes on looking for keys inside a bracketed paste: one that contains ESC is torn into keys, Enter among
them. Here everything up to the closing mark is text. A terminal that does not bracket its pastes delivers them as keys;
an Enter that has more input behind it in the same read was not typed, so it is a new line.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser

from llmtui.core.sanitize import clean

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from textual.driver import Driver
    from textual.message import Message

FULL_READ = 1000
"""Nobody types so many characters between two reads: what ends here goes on in the next one."""

_REPORT = re.compile(r"\x1b\[(?:<[-\d;]+[mM]|[IO]|\?[\d;]+\$y|48;[\d;:]+t|\d+;\d+R)")
"""What a terminal says by itself (mouse, focus, modes, size, cursor) and may say right after a typed Enter."""


class PasteSafeParser(XTermParser):
    """Textual's parser, with pastes taken out before it sees them."""

    def __init__(self, debug: bool = False) -> None:  # noqa: FBT001, FBT002 - as the class it stands in for
        super().__init__(debug)
        self._pasted: list[str] | None = None
        self._tail = ""
        """The end of what was read last: a mark can be split over two reads."""

    def feed(self, data: str) -> Iterable[Message]:
        """The events of the next piece of input; an empty one is its end."""
        if not data:
            yield from super().feed(data)
        while data:
            data = yield from self._outside(data) if self._pasted is None else self._inside(data)

    def _outside(self, data: str) -> Generator[Message, None, str]:
        """Keys, up to where a paste begins; return what follows."""
        known = len(self._tail)
        at = (self._tail + data).find(BRACKETED_PASTE_START)
        if at < 0:
            self._tail = _beginning(self._tail + data, BRACKETED_PASTE_START)
            yield from self._keys(data)
            return ""
        end = at + len(BRACKETED_PASTE_START) - known
        yield from self._keys(data[: max(0, at - known)], is_all=False)
        # The parser below sees the mark too, perhaps because it has seen its beginning already.
        yield from super().feed(data[max(0, at - known) : end])
        self._pasted, self._tail = [], ""
        return data[end:]

    def _inside(self, data: str) -> Generator[Message, None, str]:
        """Text, up to where the paste ends; return what follows."""
        assert self._pasted is not None
        text, mark, rest = (self._tail + data).partition(BRACKETED_PASTE_END)
        self._tail = "" if mark else _beginning(text, BRACKETED_PASTE_END)
        self._pasted.append(text[: len(text) - len(self._tail)])
        if mark:
            for event in super().feed(BRACKETED_PASTE_END):
                if not isinstance(event, events.Paste):  # its own idea of what was pasted
                    yield event
            yield _paste("".join(self._pasted))
            self._pasted = None
        return rest

    def _keys(self, data: str, *, is_all: bool = True) -> Iterator[Message]:
        """Input outside of marks; `is_all`: nothing followed it in this read."""
        data = data.replace("\r\n", "\n")  # no key sends both
        is_more = not is_all or len(data) >= FULL_READ
        *lines, last = re.split("[\r\n]", data)
        if "\x1b" not in data and (any(lines[1:]) or last or is_more) and lines:
            yield _paste(data)
            return
        is_typed = len(lines) == 1 and not is_more and not _REPORT.sub("", last)
        yield from super().feed(data if is_typed else data.replace("\r", "\n")) if data else ()


def _beginning(text: str, mark: str) -> str:
    """The end of the text that could be the beginning of the mark."""
    for size in range(min(len(mark) - 1, len(text)), 0, -1):
        if text.endswith(mark[:size]):
            return mark[:size]
    return ""


def _paste(text: str) -> events.Paste:
    """Cleaned here, since not every field does it: nothing in it can command the terminal when it is shown."""
    return events.Paste(clean(text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")))


def with_safe_paste(driver: type[Driver]) -> type[Driver]:
    """The driver class, its input read by the safe parser.

    Every driver of Textual's makes its parser from the name in its own module (on Windows in `win32`), so there the
    name is given another meaning: one hook for Unix, inline, Windows and the browser.
    """
    for name in (driver.__module__, "textual.drivers.win32"):
        module = vars(sys.modules[name]) if name in sys.modules else {}
        if "XTermParser" in module:
            module["XTermParser"] = PasteSafeParser
    return driver
