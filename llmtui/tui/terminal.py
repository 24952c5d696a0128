"""Reads the terminal's input so that a paste is text, whatever it contains.

Textual's parser goes on looking for key sequences inside a bracketed paste: a paste that contains ESC is torn into keys,
Enter among them. Here everything up to the closing mark is text. A terminal that does not bracket its pastes delivers
them as keys: several lines that arrive in one read were not typed, so they are taken as a paste too.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from textual.driver import Driver
    from textual.message import Message

_FULL_READ = 1000
"""Nobody types so many characters between two reads."""


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
            return super().feed(data)
        if self._pasted is None and self._is_unmarked_paste(data):
            return (_paste(data),)
        return self._feed(data)

    def _feed(self, data: str) -> Iterator[Message]:
        while data:
            if self._pasted is None:
                before, found, data = self._split_start(data)
                if before:
                    yield from super().feed(before)
                if not found:
                    return
                self._pasted = []
            text = self._tail + data
            inside, mark, data = text.partition(BRACKETED_PASTE_END)
            if not mark:
                keep = _partial_mark(text, BRACKETED_PASTE_END)
                self._tail = text[len(text) - keep :]
                self._pasted.append(text[: len(text) - keep])
                return
            self._pasted.append(inside)
            yield _paste("".join(self._pasted))
            self._pasted, self._tail = None, ""

    def _split_start(self, data: str) -> tuple[str, bool, str]:
        """What comes before an opening mark, whether there is one, what comes after it."""
        for size in range(len(self._tail), 0, -1):  # the mark began in the read before
            rest = BRACKETED_PASTE_START[size:]
            if self._tail.endswith(BRACKETED_PASTE_START[:size]) and data.startswith(rest):
                self._tail = ""
                self._discard(rest + BRACKETED_PASTE_END)
                return "", True, data[len(rest) :]
        before, mark, after = data.partition(BRACKETED_PASTE_START)
        partial = 0 if mark else _partial_mark(data, BRACKETED_PASTE_START)
        self._tail = data[len(data) - partial :]
        return before, bool(mark), after

    def _discard(self, rest: str) -> None:
        """Let the parser below finish the mark whose beginning it has already seen."""
        for _ in super().feed(rest):
            pass

    @staticmethod
    def _is_unmarked_paste(data: str) -> bool:
        if "\x1b" in data:
            return False
        first_end = min((at for at in (data.find("\r"), data.find("\n")) if at >= 0), default=-1)
        return first_end >= 0 and (len(data.rstrip("\r\n")) > first_end or len(data) >= _FULL_READ)


def _partial_mark(text: str, mark: str) -> int:
    """How many characters at the end of the text could be the beginning of the mark."""
    for size in range(min(len(mark) - 1, len(text)), 0, -1):
        if text.endswith(mark[:size]):
            return size
    return 0


def _paste(text: str) -> events.Paste:
    return events.Paste(text.replace("\r\n", "\n").replace("\r", "\n"))


def with_safe_paste(driver: type[Driver]) -> type[Driver]:
    """The driver class, its module reading input through the safe parser."""
    module = sys.modules[driver.__module__]
    if hasattr(module, "XTermParser"):
        module.XTermParser = PasteSafeParser  # type: ignore[attr-defined]
    return driver
