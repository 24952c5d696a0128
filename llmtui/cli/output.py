"""What commands print through: UTF-8 whatever the locale, cleaned and aligned on a terminal, stable in a pipe."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CLOSED_PIPE = 141
"""What a shell reports for a program that SIGPIPE ended."""


class OutputFailed(Exception):
    """Stdout cannot be written to."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.closed = isinstance(error, BrokenPipeError)
        """The reader has gone away, which is nothing to complain about."""
        self.reason = error.strerror or str(error)


class Out:
    """Stdout as a command sees it."""

    def __init__(self, stream: BinaryIO | None, *, terminal: bool, width: int, color: bool) -> None:
        self._stream = stream
        self.terminal = terminal
        self.width = width
        """Columns; of a terminal only."""
        self.color = color

    @classmethod
    def standard(cls, environ: Mapping[str, str]) -> Out:
        stream = sys.stdout
        terminal = stream is not None and stream.isatty()
        forced = environ.get("CLICOLOR_FORCE", "0") not in {"", "0"}
        color = forced or (terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb")
        return cls(None if stream is None else stream.buffer, terminal=terminal, width=columns(environ), color=color)

    def write(self, text: str) -> None:
        """Write exactly this text; half a surrogate pair becomes U+FFFD. Raise OutputFailed."""
        if self._stream is None:
            raise OutputFailed(OSError(9, "there is no standard output"))
        try:
            data = text.encode()
        except UnicodeEncodeError:
            data = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
        try:
            self._stream.write(data)
            self._stream.flush()
        except OSError as error:
            raise OutputFailed(error) from None

    def line(self, text: str = "") -> None:
        """A line of text; on a terminal cleaned of what it would obey."""
        self.write((self.clean(text) if self.terminal else text) + "\n")

    def clean(self, text: str) -> str:
        from llmtui.core.sanitize import clean

        return clean(text)

    def json(self, value: Any) -> None:
        """A value as JSON, indented, cleaned on a terminal; money must be a string already."""
        import json

        text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
        self.write(self.clean(text) if self.terminal else text)

    def bold(self, text: str) -> str:
        """The text cleaned and, where colour is wanted, emphasised; for `write`."""
        text = self.clean(text)
        return f"\x1b[1m{text}\x1b[0m" if self.color else text

    def table(self, header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
        """Rows in columns: aligned under a header on a terminal, else separated by tabs and without one.

        `right` are the columns that are aligned at their right end. A column that does not fit is cut at the last one.
        """
        cells = [[_one_line(self.clean(cell) if self.terminal else cell) for cell in row] for row in rows]
        if not self.terminal:
            self.write("".join("\t".join(row) + "\n" for row in cells))
            return
        sizes = [max(cell_width(row[i]) for row in (header, *cells)) for i in range(len(header))]
        spare = self.width - sum(sizes[:-1]) - 2 * (len(sizes) - 1)
        sizes[-1] = min(sizes[-1], max(spare, 12))
        self.write(self.bold(_aligned(header, sizes, right)) + "\n")
        self.write("".join(_aligned(row, sizes, right) + "\n" for row in cells))


def columns(environ: Mapping[str, str]) -> int:
    """The terminal's width, 80 where there is none."""
    given = environ.get("COLUMNS", "")
    if given.isdecimal() and len(given) < 5 and int(given):
        return int(given)
    try:
        return os.get_terminal_size(1).columns or 80
    except (OSError, ValueError):
        return 80


def cell_width(text: str) -> int:
    """How many columns a text takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(0 if category(c) in {"Mn", "Me", "Cf"} else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, width: int) -> str:
    """The text in so many columns, with an ellipsis where something is left out."""
    if cell_width(text) <= width:
        return text
    while text and cell_width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def _aligned(row: Sequence[str], sizes: Sequence[int], right: Sequence[int]) -> str:
    parts = []
    for index, (cell, size) in enumerate(zip(row, sizes, strict=True)):
        cell = cut(cell, size)
        gap = " " * (size - cell_width(cell))
        parts.append(gap + cell if index in right else cell + gap)
    return "  ".join(parts).rstrip()


def _one_line(text: str) -> str:
    return " ".join(text.split()) if any(c in text for c in "\t\n\r") else text
