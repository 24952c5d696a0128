"""Reading: a message is marked, text is selected with the mouse, a text is found, links and marks are clicked."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.geometry import Offset
from textual.reactive import reactive
from textual.selection import Selection

from llmtui.render import Line
from llmtui.tui.widgets import transcript_events as told
from llmtui.tui.widgets.message_view_dress import Place
from llmtui.tui.widgets.transcript_find import Find
from llmtui.tui.widgets.transcript_paint import cells_of, indent, with_offsets
from llmtui.tui.widgets.transcript_select import (
    Point,
    Range,
    base_of,
    column_beside,
    line_at,
    range_of,
    text_of,
    word_at,
)
from llmtui.tui.widgets.transcript_sideways import SidewaysView
from llmtui.tui.widgets.transcript_view import Hold

if TYPE_CHECKING:
    from textual.events import Click
    from textual.strip import Strip
    from textual.widget import Widget

    from llmtui.tui.widgets.message_view import MessageView
    from llmtui.tui.widgets.message_view_rows import Spot
    from llmtui.tui.widgets.transcript_paint import Span


_COPY = re.compile(r"copy (\d )?╮$")
"""The label on a code frame's upper edge that can be clicked."""


def _is_copy_label(line: Line, x: int) -> bool:
    found = None if line.source else _COPY.search(line.text)  # a frame shows nothing of the source
    return found is not None and cell_len(line.text[: found.start()]) <= x < line.cells - 1


class ReadingView(SidewaysView):
    """A `SidewaysView` that a reader points at."""

    FOCUS_ON_CLICK = False  # typing stays in the prompt

    selected: reactive[str | None] = reactive[str | None](None, init=False, repaint=False)
    """The id of the marked message."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._range: Range | None = None
        self._find: Find | None = None

    # ------------------------------------------------------------------------------------------------ the marked message
    def watch_selected(self, old: str | None, new: str | None) -> None:
        """Move the mark at the left edge."""
        for message_id in (old, new):
            if message_id is not None and message_id in self.model:
                index = self.model.index(message_id)
                view = self.model.view(index)
                view.is_marked = message_id == new
                view.strips.clear()
                self.repaint(self.model.heights.top(index), self.model.heights.top(index + 1))
        self.post_message(told.MessageSelected(new))

    def scroll_to_message(self, message_id: str, offset: int | None = None) -> None:
        """Show a message from its first line, or the line with a character of its text. Raise KeyError when unknown."""
        self.model.index(message_id)
        place = Place("head", 0) if offset is None else Place("body", offset)
        self.follow = False
        self._hold = Hold(message_id, place, 0 if offset is None else self.screen_rows // 3)
        self.redraw()

    # ------------------------------------------------------------------------------------------------ selected text
    @property
    def selected_text(self) -> str:
        """The source of what is selected with the mouse; empty when nothing is."""
        return "" if self._range is None else text_of(self.model, self._range)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What Textual copies."""
        text = self.selected_text
        return (text, "\n") if text else None

    def selection_updated(self, selection: Selection | None) -> None:
        """The mouse selected something else."""
        self._range = None if selection is None or not len(self.model) else range_of(selection, *self._ends())
        self.refresh()

    def _ends(self) -> tuple[Point, Point]:
        """The first and the last character on screen: a drag that leaves the transcript ends there."""
        last = min(self.top + self.screen_rows, self.model.heights.total) - 1
        return self._point(self.top), self._point(last, is_end=True)

    def _point(self, y: int, *, is_end: bool = False) -> Point:
        index, row = self.model.at(y)
        view = self.model.view(index)
        if row >= view.height:
            return Point(index, 0)
        part, line = view.row(row)
        span = line.span if isinstance(line, Line) else None
        column = column_beside(view, row) if span is None else base_of(part) + span[is_end]
        return Point(index, column)

    def text_select_all(self) -> None:
        """A double click selects a word, in `on_click`; Textual would take the whole widget."""

    @property
    def select_container(self) -> Widget:
        """A triple click stays in here as well."""
        return self

    def _select_around(self, y: int, x: int, chain: int) -> None:
        index, row = self.model.at(y)
        part, line = self.model.view(index).row(row)
        offset = line.position(x - indent(part)) if isinstance(line, Line) else None
        if offset is not None:
            view = self.model.view(index)
            source = (view.body if part == "body" else view.thoughts).source
            first, last = word_at(source, offset) if chain == 2 else line_at(source, offset)
            base = base_of(part)
            selection = Selection(Offset(base + first, index), Offset(base + last, index))
            self.screen.selections = {self: selection}

    def render_line(self, y: int) -> Strip:
        """A row that tells Textual which character of which message each cell shows; what is painted does not."""
        at = self.top + y
        strip = self._strip(at)
        if at >= self.model.heights.total:
            return strip
        index, row = self.model.at(at)
        view = self.model.view(index)
        if row >= view.height:
            return strip
        part, line = view.row(row)
        return with_offsets(strip, line, indent(part), index, column_beside(view, row), base_of(part))

    @property
    def _has_overlay(self) -> bool:
        return self._range is not None or self._find is not None

    def spans(self, index: int, row: int) -> list[Span]:
        """What is selected, and what was found."""
        if not self._has_overlay:
            return []
        view = self.model.view(index)
        part, line = view.row(row)
        if not isinstance(line, Line) or (span := line.span) is None:
            return []
        spans: list[Span] = []
        at, palette = indent(part), self.dress.palette
        if self._find is not None and part == "body":
            for hit in self._find.within(index):
                if hit.start < span[1] and hit.end > span[0]:
                    style = palette.current_hit if hit == self._find.current else palette.hit
                    spans += [(at + a, at + b, style) for a, b in cells_of(line, hit.start, hit.end)]
        if self._range is not None and (chosen := self._range.within(index, part)):
            spans += [(at + a, at + b, palette.selection) for a, b in cells_of(line, *chosen)]
        return spans

    # ------------------------------------------------------------------------------------------------ clicks
    def on_click(self, event: Click) -> None:
        """Follow what was clicked; else mark the message."""
        event.stop()
        y, x = self.top + event.y, event.x
        if y >= self.model.heights.total or self._range is not None:
            return
        if event.chain > 1:
            self._select_around(y, x, event.chain)
            return
        index, row = self.model.at(y)
        view = self.model.view(index)
        part, line = view.row(row)
        self.selected = view.id
        if not isinstance(line, Line):
            if spot := line.spot(x - indent(part)):
                self._act(view, spot)
        elif target := line.link(x - indent(part)):
            self.post_message(told.LinkActivated(target))
        elif part == "body" and _is_copy_label(line, x - indent(part)):
            self._copy_code_at(view, row - view.first_row("body"))

    def _copy_code_at(self, view: MessageView, y: int) -> None:
        """Copy the code block whose frame begins on this row of the text."""
        document = view.body.document
        for number, block in enumerate(document.code_blocks if document is not None else (), 1):
            if block.y == y:
                self.post_message(told.CopyRequested(block.text, f"code block {number}"))

    def _act(self, view: MessageView, spot: Spot) -> None:
        if spot.what == "sibling":
            self.post_message(told.SiblingRequested(view.id, int(spot.value)))
        elif spot.what == "detail":
            self.post_message(told.DetailRequested(view.id))
        else:
            self.toggle_fold(view.id)

    def toggle_fold(self, message_id: str) -> None:
        """Open or close the reasoning of an answer, or a long paste."""
        index = self.model.index(message_id)
        view = self.model.view(index)
        if view.thoughts:
            view.toggle_thoughts()
        elif view.is_folded or view.is_unfolded:
            view.unfold(is_unfolded=view.is_folded)
        if not self.follow:
            self._hold_row(self.top)
        self.settle(index)
        self._fill()

    # ------------------------------------------------------------------------------------------------ finding
    def find(self, text: str, *, go: bool = True) -> None:
        """Mark every place with this text, whatever its case, and (if `go`) show the newest above the end of the screen."""
        self._find = Find(self.model, text)
        self.refresh()
        self._search(go=go)

    def _search(self, *, go: bool) -> None:
        find = self._find
        if find is None:
            return
        find.search()
        if go and find.current is None and find.total:
            self.next_hit(0)
        self.refresh()
        self.post_message(told.FindProgressed(find.number, find.total, find.is_complete))
        if not find.is_complete:
            self.soon(partial(self._search, go=go))

    def next_hit(self, delta: int = 1) -> None:
        """Go to the next hit, from the last to the first."""
        if self._find is None or not len(self.model):
            return
        nearest = self.model.at(self.top + self.screen_rows - 1).message
        hit = self._find.step(delta, nearest)
        if hit is not None:
            self.selected = self.model.id(hit.message)
            self._reveal(hit.message)
            self.scroll_to_message(self.model.id(hit.message), hit.start)
            self.post_message(told.FindProgressed(self._find.number, self._find.total, self._find.is_complete))

    def _reveal(self, index: int) -> None:
        view = self.model.view(index)
        if view.is_folded:
            view.unfold(is_unfolded=True)

    def previous_hit(self) -> None:
        self.next_hit(-1)

    def end_find(self) -> None:
        """Take the marks away; the view stays."""
        if self._find is not None:
            self._find = None
            self.refresh()
            self.post_message(told.FindEnded())

    @property
    def is_finding(self) -> bool:
        return self._find is not None

    @property
    def sought(self) -> str:
        """What is looked for; empty when nothing is."""
        return "" if self._find is None else self._find.text

    def _over(self, message_id: str) -> None:
        super()._over(message_id)
        if self._find is not None:
            self._find.refresh(self.model.index(message_id))
