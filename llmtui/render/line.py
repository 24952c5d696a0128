"""One screen row of a document: what to draw, and which part of the source each of its cells shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

if TYPE_CHECKING:
    from rich.segment import Segment

Run = tuple[int, int, int]
"""First cell, offset of the first character in the source, number of source characters shown one after another."""


class Line(NamedTuple):
    """One row. Equal lines look the same and mean the same part of the source."""

    segments: tuple[Segment, ...]
    """No control characters; the cell widths are rich's."""
    source: tuple[Run, ...]
    """Ascending by cell; decoration (frames, bullets, indentation) belongs to no run."""
    block: int
    """Index of the top-level block."""
    key: int
    """Stable identity within the message: ascending from line to line, unaffected by what is appended later."""
    links: tuple[tuple[int, int, str], ...] = ()
    """First cell, cell after the last, target as the text gives it (unchecked)."""

    @property
    def text(self) -> str:
        """What the row shows, without styles."""
        return "".join([segment.text for segment in self.segments])

    @property
    def cells(self) -> int:
        """Width in terminal cells."""
        return sum([cell_len(segment.text) for segment in self.segments])

    @property
    def span(self) -> tuple[int, int] | None:
        """The source shown on this row, from its first to after its last offset; None for pure decoration."""
        if not self.source:
            return None
        return min(run[1] for run in self.source), max(run[1] + run[2] for run in self.source)

    def position(self, cell: int) -> int | None:
        """The source offset of the character under a cell; None over decoration and beyond the text."""
        for first, offset, count in reversed(self.source):
            if first <= cell:
                index = self._characters(first, cell)
                return offset + min(index, count - 1) if index is not None else None
        return None

    def _characters(self, first: int, cell: int) -> int | None:
        """How many characters of the segment that begins at `first` lie wholly left of `cell`; None beyond its end."""
        x = 0
        for segment in self.segments:
            text = segment.text
            width = cell_len(text)
            if x + width <= first:
                x += width
                continue
            if cell >= x + width:
                return None
            if width == len(text):
                return cell - first
            seen = 0
            while cell_len(text[: seen + 1]) <= cell - first:
                seen += 1
            return seen
        return None

    def cell_of(self, offset: int) -> int | None:
        """The cell where a source offset is shown on this row; None if it is not."""
        for first, start, count in self.source:
            if start <= offset < start + count:
                x = 0
                for segment in self.segments:
                    if x == first:
                        return first + cell_len(segment.text[: offset - start])
                    x += cell_len(segment.text)
        return None

    def link(self, cell: int) -> str | None:
        """The target of the link under a cell."""
        for first, after, target in self.links:
            if first <= cell < after:
                return target
        return None
