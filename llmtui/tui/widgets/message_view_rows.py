"""The lines around a message's text: who speaks, what is going on, the figures, what went wrong and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment

from llmtui.core.messages import MessageState, Role
from llmtui.core.sanitize import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.style import Style

    from llmtui.tui.widgets.transcript_item import Item


class Palette(NamedTuple):
    """The styles of what is not text of a message, each with its background; made from the theme's variables."""

    base: Style
    user: Style
    assistant: Style
    dim: Style
    metadata: Style
    error: Style
    action: Style
    mark: Style
    """The selected message's left edge."""
    hit: Style
    current_hit: Style
    selection: Style


class Spot(NamedTuple):
    """Cells of a row that do something when clicked."""

    first: int
    last: int
    """The cell after the last."""
    what: Literal["sibling", "thoughts", "fold", "detail"]
    value: str = ""


class Row(NamedTuple):
    """One line of a message that is not its text."""

    segments: list[Segment]
    spots: tuple[Spot, ...] = ()

    def spot(self, x: int) -> Spot | None:
        return next((spot for spot in self.spots if spot.first <= x < spot.last), None)


BLANK = Row([])
_ENDINGS = {
    MessageState.CANCELLED: "◼ stopped",
    MessageState.TRUNCATED: "⚠ cut off",
    MessageState.INTERRUPTED: "⚠ interrupted",
}


def label_row(item: Item, width: int, palette: Palette) -> Row:
    """Who speaks, at the left; at the right what fits of: marks, the sibling switch, the time."""
    style = palette.user if item.role is Role.USER else palette.assistant
    label = clean_line(item.label)
    flags = [text for text, on in (("pinned", item.pinned), ("not sent", item.excluded)) if on]
    number, count = item.sibling
    switch = [f"{number}/{count} ‹ ›"] if count > 1 else []
    time = [clean_line(item.time)] if item.time else []
    for parts in (flags + switch + time, flags + switch, switch):
        right = "  ".join(parts)
        if cell_len(label) + 2 + cell_len(right) <= width:
            break
    room = width - (cell_len(right) + 2 if right else 0)
    if cell_len(label) > room:
        label = set_cell_size(label, max(0, room - 1)) + "…"
    gap = width - cell_len(label) - cell_len(right)
    row = Row([Segment(label, style), Segment(" " * gap + right, palette.dim)] if right else [Segment(label, style)])
    at = right.find(" ‹ ›")
    if at < 0:
        return row
    start = width - cell_len(right) + cell_len(right[:at])
    return row._replace(spots=(Spot(start, start + 2, "sibling", "-1"), Spot(start + 2, start + 4, "sibling", "1")))


def thoughts_row(text: str, *, is_open: bool, width: int, palette: Palette) -> Row:
    """The line that stands for the reasoning, or above it: `▸ thought for 3.2 s`."""
    text = _fit(f"{'▾' if is_open else '▸'} {text}", width)
    return Row([Segment(text, palette.dim)], (Spot(0, cell_len(text), "thoughts"),))


def fold_row(lines: int, width: int, palette: Palette) -> Row:
    """Stands for the rest of a long paste."""
    text = _fit(f"▸ {lines:,} more lines", width)
    return Row([Segment(text, palette.action)], (Spot(0, cell_len(text), "fold"),))


def status_rows(text: str, width: int, palette: Palette) -> list[Row]:
    return [Row([Segment(line, palette.dim)]) for line in wrap(clean_line(text), width)]


def ending_rows(item: Item, width: int, palette: Palette) -> list[Row]:
    """What stands under a message that is over: how it ended, notes, figures, the error."""
    rows: list[Row] = []
    if item.state in _ENDINGS and not item.metadata:  # whose first word says it too
        rows.append(Row([Segment(_fit(_ENDINGS[item.state], width), palette.dim)]))
    for note in item.notes:
        rows += [Row([Segment(line, palette.dim)]) for line in wrap(f"· {clean_line(note)}", width)]
    if item.metadata:
        fitting = (text for text in item.metadata if cell_len(text) <= width)
        text = clean_line(next(fitting, item.metadata[-1]))
        rows.append(Row([Segment(_fit(text, width), palette.metadata)], (Spot(0, cell_len(text), "detail"),)))
    if item.error:
        rows += [Row([Segment(line, palette.error)]) for line in wrap(f"✗ {clean_line(item.error)}", width)]
    return rows


def wrap(text: str, width: int) -> list[str]:
    """One line of text as lines of at most so many cells, broken at spaces where there are any."""
    lines: list[str] = []
    line = ""
    for word in _pieces(text.split(" "), width):
        if line and cell_len(line) + 1 + cell_len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def _pieces(words: Sequence[str], width: int) -> Iterable[str]:
    """The words, those cut that are wider than a line."""
    for word in words:
        rest = word
        while cell_len(rest) > width:
            piece = set_cell_size(rest, width).rstrip() or rest[0]
            yield piece
            rest = rest[len(piece) :]
        yield rest


def _fit(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…"
