"""Collects the rows of one block: puts margins (list markers, quote bars) in front and gives each row its identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment

from llmtui.render.line import Line, Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from llmtui.render.inline import Flow
    from llmtui.render.look import Look

NARROWEST = 8
"""Cells that margins always leave for the text."""


class _Margin:
    __slots__ = ("cells", "first", "rest", "source")

    def __init__(self, first: Segment | None, rest: Segment, cells: int, source: tuple[int, int] | None) -> None:
        self.first, self.rest, self.cells, self.source = first, rest, cells, source


class Canvas:
    """Rows of one block."""

    def __init__(self, look: Look, width: int, block: int, offset: int) -> None:
        self.look = look
        self.lines: list[Line] = []
        self._width = width
        self._block = block
        self._margins: list[_Margin] = []
        self._used = 0
        self._key = offset << 16  # the next row's identity, if its own text does not give it a later one

    @property
    def room(self) -> int:
        """Cells left of the margins' right edge."""
        return self._width - self._used

    def mark(self) -> tuple[int, int]:
        """Where the canvas is now, to come back to."""
        return len(self.lines), self._key

    def reset(self, mark: tuple[int, int]) -> None:
        """Take back every row after a mark."""
        rows, self._key = mark
        del self.lines[rows:]

    def push(self, first: str | None, rest: str, style: Style, source: tuple[int, int] | None = None) -> None:
        """Add a margin: `first` on its first row, `rest` on the others. `source` is where a marker stands: offset, length."""
        cells = cell_len(rest)
        if self.room - cells < NARROWEST:
            first, rest, cells, source = None, "", 0, None
        self._margins.append(
            _Margin(None if first is None else Segment(first, style), Segment(rest, style), cells, source)
        )
        self._used += cells

    def pop(self) -> None:
        """Take the last margin away; a marker that no row has shown yet gets a row of its own."""
        if self._margins[-1].first is not None and self._margins[-1].cells:
            self.row([], [])
        self._used -= self._margins.pop().cells

    def blank(self) -> None:
        """An empty row."""
        self.row([], [])

    def flow(self, flow: Flow) -> None:
        """Wrapped text."""
        for segments, runs, links, _ in flow.rows(self.room):
            self.row(segments, runs, links)

    def row(self, segments: Sequence[Segment], runs: Sequence[Run], links: Sequence[tuple[int, int, str]] = ()) -> None:
        """One row that is already cut to `room`."""
        if self._margins:
            front: list[Segment] = []
            marks: list[Run] = []
            x = 0
            for margin in self._margins:
                if margin.cells:
                    if margin.first is not None:
                        front.append(margin.first)
                        if margin.source is not None:
                            marks.append((x, *margin.source))
                    else:
                        front.append(margin.rest)
                margin.first = None
                x += margin.cells
            segments = [*front, *segments]
            if x and runs:
                runs = [(x + cell, offset, count) for cell, offset, count in runs]
            if marks:
                runs = [*marks, *runs]
            if x and links:
                links = [(x + a, x + b, target) for a, b, target in links]
        while segments and not runs and segments[-1].text.isspace():
            segments = segments[:-1]
        if runs:
            self._key = max(self._key, min([run[1] for run in runs]) << 16)
        self.lines.append(
            Line(
                tuple([segment for segment in segments if segment.text]),
                tuple(runs),
                self._block,
                self._key,
                tuple(links),
            )
        )
        self._key += 1
