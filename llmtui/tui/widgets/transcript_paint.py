"""Rows to strips as wide as the screen: margins, background, marks. The last guard before the terminal stands here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from llmtui.core.sanitize import clean_line
from llmtui.render import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from llmtui.tui.widgets.message_view_dress import Part
    from llmtui.tui.widgets.message_view_rows import Palette, Row

LEFT = 2
"""Cells before every row: the mark of the selected message, and a blank one."""
RIGHT = 1
THOUGHTS = "┆ "
"""Stands before every line of reasoning."""

Span = tuple[int, int, Style]
"""First cell, cell after the last, and the style laid over them."""

_control = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]").search


def guarded(segments: Iterable[Segment], base: Style) -> Iterator[Segment]:
    """The segments on a background, with nothing in them that a terminal or Textual would obey.

    What is drawn was cleaned before; this holds even if that was forgotten somewhere.
    """
    for text, style, _ in segments:
        if not text.isprintable() and _control(text):
            text = clean_line(text)
        if style is not None and (style.link or style.meta):
            style = style.clear_meta_and_links()
        yield Segment(text, base if style is None else base + style)


def indent(part: Part) -> int:
    """Cells between the left edge of the screen and the first cell of a row."""
    return LEFT + (len(THOUGHTS) if part == "thoughts" else 0)


def painted(part: Part, row: Row | Line, palette: Palette, width: int, *, is_marked: bool) -> Strip:
    """A row of a message as a strip of exactly so many cells."""
    base = palette.base
    segments = [Segment("▌ ", palette.mark) if is_marked else Segment("  ", base)]
    if part == "thoughts":
        segments.append(Segment(THOUGHTS, palette.dim))
    segments += guarded(row.segments, base)
    return Strip(segments).adjust_cell_length(width, base)


def changed_cells(old: Strip, new: Strip, base: Style) -> int:
    """How many cells from the left differ or may differ; 0 when the strips are equal. The blank end is not painted."""
    if old == new:
        return 0
    blank = [0, 0]
    for at, strip in enumerate((old, new)):
        *_, (text, style, _) = strip
        if style == base and text.isspace():
            blank[at] = len(text)
    return new.cell_length - min(blank)


def overlaid(strip: Strip, spans: Sequence[Span]) -> Strip:
    """The strip with styles laid over cells of it, in the order given."""
    for first, last, style in spans:
        first, last = max(0, first), min(last, strip.cell_length)
        if first < last:
            middle = Segment.apply_style(strip.crop(first, last), post_style=style)
            parts = [*strip.crop(0, first), *middle, *strip.crop(last, strip.cell_length)]
            strip = Strip(parts, strip.cell_length)
    return strip


def cells_of(line: Line, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The cells of a line that show source characters in [first, last): first cell and cell after the last."""
    runs = {run[0]: run for run in line.source}
    x = 0
    for segment in line.segments:
        if x in runs:
            _, offset, count = runs[x]
            low, high = max(first, offset), min(last, offset + count)
            if low < high:
                yield x + cell_len(segment.text[: low - offset]), x + cell_len(segment.text[: high - offset])
        x += cell_len(segment.text)


def with_offsets(strip: Strip, row: Row | Line, at: int, order: int, where: int, offset_of: int) -> Strip:
    """For Textual's selection: each cell says which character of which message it shows.

    `order` is the message's place in the conversation, `where` the row's first offset when the row itself shows no
    source, `at` the strip's cell where the row begins, and `offset_of` is added to every offset of the source.
    """
    segments: list[Segment] = []
    runs = {run[0] + at: run for run in row.source} if isinstance(row, Line) else {}
    known = min((run[1] for run in runs.values()), default=None)
    offset = where if known is None else known + offset_of
    x = 0
    for text, _, _ in strip:
        run = runs.get(x)
        if run is None:
            segments += [_placed(" ", offset, order)] * cell_len(text)
        else:
            first, offset = run[1] + offset_of, run[1] + run[2] + offset_of
            if text.isascii():
                segments.append(_placed(text, first, order))
            else:  # cell by cell: Textual takes the right half of a wide character for the one after it
                for index, character in enumerate(text):
                    segments += [_placed(" ", first + index, order)] * cell_len(character)
        x += cell_len(text)
    return Strip(segments, strip.cell_length)


def _placed(text: str, offset: int, order: int) -> Segment:
    return Segment(text, Style.from_meta({"offset": (offset, order)}))
