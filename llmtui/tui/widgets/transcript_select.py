"""Selecting text with the mouse, in characters of the source: what Textual's selection means here, and what it copies.

Textual compares offsets by row and column. Here the row is a message's place in the conversation and the column a
character of it: reasoning first, then the text. So a selection survives scrolling, re-wrapping and more text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from llmtui.render import Line

if TYPE_CHECKING:
    from textual.geometry import Offset
    from textual.selection import Selection

    from llmtui.tui.widgets.message_view import MessageView
    from llmtui.tui.widgets.message_view_dress import Part
    from llmtui.tui.widgets.transcript_model import Model

TEXT = 1 << 40
"""The column of a message's first character of text; reasoning lies below."""

_word = re.compile(r"\w+|[^\w\s]+|\s+")


class Point(NamedTuple):
    """A character of the conversation; ordered as it is read."""

    order: int
    """The message's index."""
    column: int


class Range(NamedTuple):
    """Characters from `start` up to, not including, `end`."""

    start: Point
    end: Point

    def within(self, index: int, part: Part) -> tuple[int, int] | None:
        """The characters of a message's text or reasoning that are selected: first, and after the last."""
        if part not in ("body", "thoughts") or not self.start.order <= index <= self.end.order:
            return None
        base, limit = (TEXT, 2 * TEXT) if part == "body" else (0, TEXT)
        first = self.start.column if index == self.start.order else 0
        last = self.end.column if index == self.end.order else 2 * TEXT
        first, last = max(first, base), min(last, limit)
        return (first - base, last - base) if first < last else None


def base_of(part: Part) -> int:
    return TEXT if part == "body" else 0


def column_beside(view: MessageView, y: int) -> int:
    """The column that a row without source of its own stands for: of the text that follows it in its part."""
    part, _ = view.row(y)
    if part == "head":
        return 0
    if part == "foot":
        return TEXT + len(view.body.source)
    end = view.first_row("body" if part == "thoughts" else "foot")
    for below in range(y, end):
        row = view.row(below)[1]
        if isinstance(row, Line) and row.span:
            return base_of(part) + row.span[0]
    return base_of(part) + len((view.body if part == "body" else view.thoughts).source)


def range_of(selection: Selection, first: Point, last: Point) -> Range:
    """What Textual's selection means. An end that it leaves open lies outside the transcript: there the screen ends."""
    start = first if selection.start is None else _point(selection.start)
    end = last if selection.end is None else _point(selection.end)
    return Range(min(start, end), max(start, end))


def _point(offset: Offset) -> Point:
    return Point(offset.y, offset.x)


def text_of(model: Model, selected: Range) -> str:
    """The source that is selected; a blank line between messages."""
    parts: list[str] = []
    for index in range(selected.start.order, min(selected.end.order + 1, len(model))):
        view = model.seen(index)
        if view is not None and view.thoughts_open and (span := selected.within(index, "thoughts")):
            parts.append(view.thoughts.source[slice(*span)])
        if span := selected.within(index, "body"):
            parts.append(model.source(index)[slice(*span)])
    return "\n\n".join(part.strip("\n") for part in parts if part)


def word_at(source: str, offset: int) -> tuple[int, int]:
    """First character, and after the last, of the word there."""
    line_start, line_end = line_at(source, offset)
    for found in _word.finditer(source, line_start, line_end):
        if found.start() <= offset < found.end():
            return found.span()
    return offset, offset


def line_at(source: str, offset: int) -> tuple[int, int]:
    """First character, and after the last, of the line there; without its line break."""
    end = source.find("\n", offset)
    return source.rfind("\n", 0, offset) + 1, len(source) if end < 0 else end
