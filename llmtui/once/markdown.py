"""The answer as rendered Markdown: on a terminal it grows where it stands, elsewhere it is printed when it is complete.

Rows that scroll off the screen are final: only those from the first changed one on, within the last screenful, are drawn
again, a few times a second.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TYPE_CHECKING

from llmtui.core.events import ChunkArrived
from llmtui.once.output import Pipe, encode
from llmtui.render import Document, Look

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.color import ColorSystem
    from rich.segment import Segment

    from llmtui.core.events import TurnEvent, TurnResult

FRAME_S = 0.05
PLAIN_WIDTH = 100
"""Columns where the output is no terminal and nobody has said how wide it is."""


class MarkdownOutput:
    """One format of `--once`."""

    def __init__(self, pipe: Pipe, *, stream: bool, to_terminal: bool) -> None:
        self._pipe = pipe
        self._live = stream and to_terminal and os.environ.get("TERM") not in (None, "", "dumb")
        size = shutil.get_terminal_size((PLAIN_WIDTH, 24))
        self._rows = max(2, size.lines)
        self._colors = color_system() if to_terminal or _forced() else None
        look = Look.ansi() if self._colors else Look.plain()
        self._document = Document(look.without_copy_keys(), max(20, size.columns))
        self._printed = 0
        """Rows of the document that stand on the terminal."""
        self._next_frame = 0.0

    @property
    def is_deferred(self) -> bool:
        return not self._live

    def event(self, event: TurnEvent) -> None:
        if type(event) is not ChunkArrived or not event.chunk.content:
            return
        self._document.append(event.chunk.content)
        if self._live and time.monotonic() >= self._next_frame:
            self._paint()
            self._next_frame = time.monotonic() + FRAME_S

    def end(self, result: TurnResult) -> int:
        del result  # everything has arrived as chunks
        self._document.finish()
        self._paint()
        return 0

    def _paint(self) -> None:
        """Bring the terminal up to date: up to the first row that changed, clear, and print from there."""
        height = self._document.height  # first: it brings the document up to date
        changed = self._document.take_changed()
        if changed is None and height == self._printed:
            return
        first = min(self._printed, height if changed is None else changed)
        first = max(first, self._printed - (self._rows - 1), 0)  # what has scrolled away stays as it is
        up = self._printed - first
        end = "\x1b[K\n" if up else "\n"  # row by row: clearing the screen at once flickers, and fills scrollbacks
        out = [f"\x1b[{up}A\r"] if up else []
        out += [self._row(y) + end for y in range(first, height)]
        if height < self._printed:
            out.append("\x1b[J")
        self._printed = height
        self._pipe.write(encode("".join(out)))

    def _row(self, y: int) -> str:
        return "".join(self._styled(self._document.line(y).segments)).rstrip(" ")

    def _styled(self, segments: Iterable[Segment]) -> Iterable[str]:
        for text, style, _ in segments:
            if style is None or self._colors is None:
                yield text
            else:
                yield style.render(text, color_system=self._colors)


def _forced() -> bool:
    return os.environ.get("CLICOLOR_FORCE", "") not in ("", "0")


def color_system() -> ColorSystem | None:
    """What the terminal can show, by rich's reading of the environment; None with NO_COLOR."""
    if os.environ.get("NO_COLOR"):
        return None
    from rich.color import ColorSystem
    from rich.console import Console

    name = Console(file=sys.stdout, force_terminal=True).color_system
    return {
        "standard": ColorSystem.STANDARD,
        "256": ColorSystem.EIGHT_BIT,
        "truecolor": ColorSystem.TRUECOLOR,
        "windows": ColorSystem.WINDOWS,
    }.get(name or "")
