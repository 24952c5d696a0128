"""The rows of a conversation as Textual paints them: kept as strips, given again as they are, repainted where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from llmtui.tui.widgets.transcript_dress import COMPONENT_CLASSES, CSS, Dresser
from llmtui.tui.widgets.transcript_model import Model
from llmtui.tui.widgets.transcript_paint import changed_cells, overlaid, painted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.tui.widgets.message_view import MessageView
    from llmtui.tui.widgets.message_view_dress import Dress
    from llmtui.tui.widgets.transcript_paint import Span

KEPT_STRIPS = 600


class PaintedView(ScrollView, can_focus=True, inherit_bindings=False):
    """Paints a `Model` from the row that the scroll position says."""

    DEFAULT_CSS = f"""
    PaintedView {{
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        {CSS}
    }}
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = set(COMPONENT_CLASSES)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.model = Model()
        self._dresser = Dresser(self, lambda: self.columns)
        self._strips = 0  # kept, about

    @property
    def dress(self) -> Dress:
        """How rows are drawn now; the same object until width or colours change."""
        return self._dresser.dress

    @property
    def top(self) -> int:
        """The row of the conversation at the top of the screen."""
        return round(self.scroll_y)

    @property
    def screen_rows(self) -> int:
        return self.size.height

    @property
    def columns(self) -> int:
        """Cells of a row, the scroll bar not among them."""
        return self.size.width - self.scrollbar_size_vertical

    def _on_screen(self) -> range:
        """The indices of the messages on screen."""
        return self.model.heights.between(self.top, self.top + self.screen_rows)

    def repaint(self, start: int, end: int) -> None:
        """Paint rows of the conversation anew, as far as they are on screen."""
        first, last = max(0, start - self.top), min(self.screen_rows, end - self.top)
        if first < last:
            self.refresh(Region(0, first, self.columns, last - first))

    def _repaint_rows(self, index: int, first: int, old_height: int, painted_before: dict[int, Strip]) -> None:
        """Paint the rows of a message that look different now, and of them only the part that does."""
        top = self.model.heights.top(index) - self.top
        base, view = self.dress.palette.base, self.model.view(index)
        blank = Strip.blank(self.columns, base)
        regions: list[Region] = []
        for row in range(max(first, -top), min(max(view.height, old_height), self.screen_rows - top)):
            new = self._kept_strip(view, row) if row < view.height else blank
            old = blank if row >= old_height else painted_before.get(row)
            cells = self.columns if old is None or self._has_overlay else changed_cells(old, new, base)
            if cells:
                regions.append(Region(0, top + row, cells, 1))
        if regions:
            self.refresh(*regions)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Whole strips are kept and given to Textual as they are: a row that only moves costs next to nothing."""
        top, width = self.top, self.columns
        strips = [self._strip(top + y) for y in crop.line_range]
        background = self.background_colors[1]
        for line_filter in self.get_line_filters():
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        if crop.x or crop.right < width:
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def _strip(self, y: int) -> Strip:
        if y >= self.model.heights.total:
            return Strip.blank(self.columns, self.dress.palette.base)
        index, row = self.model.at(y)
        view = self.model.seen(index)
        if view is None or not view.is_dressed(self.dress) or row >= view.height:
            return Strip.blank(self.columns, self.dress.palette.base)
        strip = self._kept_strip(view, row)
        spans = self.spans(index, row)
        return overlaid(strip, spans) if spans else strip

    def _kept_strip(self, view: MessageView, row: int) -> Strip:
        strip = view.strips.get(row)
        if strip is None:
            if self._strips > KEPT_STRIPS:
                self._forget_strips()
            part, line = view.row(row)
            is_marked = view.is_marked and row < view.height - 1
            strip = view.strips[row] = painted(part, line, self.dress.palette, self.columns, is_marked=is_marked)
            self._strips += 1
        return strip

    @property
    def _has_overlay(self) -> bool:
        """Whether `spans` has anything to say."""
        return False

    def spans(self, index: int, row: int) -> Sequence[Span]:
        """Styles laid over a row of a message."""
        return ()

    def _forget_strips(self) -> None:
        self._strips = 0
        for _, view in self.model.views():
            view.strips.clear()
