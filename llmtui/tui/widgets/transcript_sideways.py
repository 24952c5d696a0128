"""Code on a narrow screen: long lines are cut at their frame there, and scroll sideways by key or wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.tui.widgets.transcript_streaming import StreamingView

if TYPE_CHECKING:
    from textual.events import MouseEvent, MouseScrollDown, MouseScrollLeft, MouseScrollRight, MouseScrollUp

WHEEL_STEP = 4
"""Cells that code scrolls sideways with one notch of the wheel."""


class SidewaysView(StreamingView):
    """A `StreamingView` whose code can be scrolled sideways."""

    def shift_code(self, message_id: str, cells: int) -> None:
        """Scroll the code of a message sideways, where it is not wrapped."""
        index = self.model.index(message_id)
        self.model.view(index).shift_code(cells)
        self.settle(index)

    def _shift_under(self, event: MouseEvent, cells: int) -> None:
        y = self.top + event.y
        if y < self.model.heights.total:
            event.stop()
            event.prevent_default()
            self.shift_code(self.model.id(self.model.at(y).message), cells)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """With Shift the wheel scrolls sideways, as everywhere."""
        if event.shift:
            self._shift_under(event, WHEEL_STEP)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        if event.shift:
            self._shift_under(event, -WHEEL_STEP)

    def on_mouse_scroll_right(self, event: MouseScrollRight) -> None:
        self._shift_under(event, WHEEL_STEP)

    def on_mouse_scroll_left(self, event: MouseScrollLeft) -> None:
        self._shift_under(event, -WHEEL_STEP)
