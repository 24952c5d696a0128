"""The window onto the conversation: which rows are on screen, what stays in place when rows change, what is painted anew.

Two ways of standing still. While *following*, the newest row is in sight. Otherwise one row is *held*: it stays on its
screen row whatever is drawn, re-wrapped or given up around it, until the reader scrolls.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from llmtui.tui.widgets.message_view_dress import Place
from llmtui.tui.widgets.transcript_events import FollowChanged, NewLinesArrived
from llmtui.tui.widgets.transcript_painted import PaintedView

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmtui.tui.widgets.message_view import MessageView
    from llmtui.tui.widgets.message_view_passage import Passage

PIECE = 1000
"""Characters drawn at a time."""
SLICE_S = 0.006
"""Seconds of drawing before other things get a turn."""
STEP = 3
"""While text streams the view moves up by so many rows at once (fewer on a low screen): each time all of it is painted."""
NEAR_TOP = 6
"""Among so many rows one is found to be held."""


class Hold(NamedTuple):
    """The row that stays where it is."""

    message_id: str
    place: Place
    screen_row: int


class TranscriptView(PaintedView):
    """Moves over a `Model` and draws what comes into sight. Knows nothing of what is said or selected."""

    follow = reactive(True, init=False, repaint=False)
    """Whether the newest text is kept in sight."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._hold: Hold | None = None
        self._is_moving = False  # scroll positions change by our own hand
        self._has_slack = False  # blank rows stand below the newest text
        self._parsing = 0  # texts in threads
        self._is_filling = False  # the rest of what is on screen will be drawn in a moment
        self._news = self._told = 0
        self.is_streaming = False
        """Whether text is arriving somewhere."""

    # ------------------------------------------------------------------------------------------------ holding
    def _hold_row(self, y: int) -> None:
        """From now on this row stays where it is; or one just below it that shows text, and so is the same when wrapped."""
        self._hold = None
        for at in range(y, min(y + NEAR_TOP, self.model.heights.total)):
            index, row = self.model.at(at)
            view = self.model.seen(index)
            if view is None or not view.is_drawn(self.dress) or row >= view.height:
                place, at = Place("head", 0), self.model.heights.top(index)
            else:
                place = view.place(row)
            if self._hold is None or not place.below:
                self._hold = Hold(self.model.id(index), place, at - self.top)
            if not place.below:
                return

    def _held_top(self) -> int:
        """Where the top of the screen must be, so that the held row is on its screen row."""
        hold = self._hold
        if hold is None or hold.message_id not in self.model:
            return self.top
        index = self.model.index(hold.message_id)
        view = self.model.seen(index)
        row = 0
        if view is not None and view.is_dressed(self.dress) and view.height:
            row = view.row_of(hold.place)
            if (first := view.settle()) is not None:  # to find it, rows were laid out that had been estimated
                view.drop_strips(first)
                self.model.heights.set(index, view.height)
                row = view.row_of(hold.place)
        return self.model.heights.top(index) + row - hold.screen_row

    def _holds_well(self) -> bool:
        """Whether the held row is near the top, where it shall be: at an end of the conversation it may not get there."""
        hold = self._hold
        return hold is not None and 0 <= hold.screen_row < NEAR_TOP and self._held_top() == self.top

    # ------------------------------------------------------------------------------------------------ moving
    def _reflow(self) -> bool:
        """Heights changed: put the held row back in place, or the newest in sight; True when the screen moved."""
        total, rows = self.model.heights.total, self.screen_rows
        extent = self.virtual_size.height
        if self.follow:
            step = min(STEP, 1 + rows // 10)
            self._has_slack = self._has_slack or (self.is_streaming and total > extent)
            if total > extent or total <= extent - step or not self._has_slack:
                extent = total + (step - 1 if self._has_slack and total > rows else 0)
            top = max(0, extent - rows)
        else:
            self._has_slack = False
            top = max(0, self._held_top())
            extent = max(total, min(top + rows, extent))
            top = min(top, max(0, extent - rows))
        return self._move(top, extent)

    def _move(self, top: int, extent: int) -> bool:
        """Make the conversation so many rows long and show it from a row on; painting is the caller's."""
        moved = top != self.top
        self._is_moving = True
        try:
            size = Size(self.columns, extent)
            if size != self.virtual_size:
                # Not through the reactive: a layout of the whole screen would follow, and nobody's size has changed.
                self.set_reactive(Widget.virtual_size, size)
                self._scroll_update(size)
            if moved:
                self.scroll_to(y=top, animate=False, immediate=True, force=True)
        finally:
            self._is_moving = False
        return moved

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the reader; where we moved ourselves only the scroll bar needs to know."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        old, new = round(old_value), round(new_value)
        if old != new and not self._is_moving and self.is_mounted:
            self._scrolled(old, new)

    def _scrolled(self, old: int, new: int) -> None:
        """The reader scrolled."""
        is_near = abs(new - old) <= 3 * self.screen_rows
        if self.follow or self._hold is None or not is_near:
            self._hold_row(old if is_near else new)
        else:
            self._hold = self._hold._replace(screen_row=self._hold.screen_row + old - new)
        self.follow = new > old and new + self.screen_rows >= self.model.heights.total
        self.refresh()
        self._fill()

    def watch_follow(self, follow: bool) -> None:  # noqa: FBT001 - Textual's signature
        """Tell it; back at the bottom there is no news."""
        self.post_message(FollowChanged(follow))
        self._news = 0
        self._tell_news()

    def _tell_news(self) -> None:
        if self._news != self._told:
            self._told = self._news
            self.post_message(NewLinesArrived(self._news))

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:  # noqa: FBT001, FBT002
        self._is_moving = True  # a shrinking screen clamps the scroll position: that is not the reader
        try:
            return super()._size_updated(size, virtual_size, container_size, layout)
        finally:
            self._is_moving = False

    def on_resize(self) -> None:
        """Re-wrap what is on screen; the held row stays, and goes on being held through the next resize."""
        self.redraw()

    def restyle(self) -> None:
        """Colours may have changed: draw anew if they did."""
        before = self._dresser.peek()
        self._dresser.restyle()
        if before is not None and self.is_mounted and self.dress is not before:
            self.redraw()

    def added(self, index: int) -> None:
        """A message was put at the end."""
        self.draw(index, perf_counter() + SLICE_S)
        if not self.follow:
            self._news += self.model.heights[index]
            self._tell_news()
        if self._reflow():
            self.refresh()
        self.repaint(self.model.heights.top(index), self.model.heights.total)
        self._fill()

    def redraw(self) -> None:
        """Everything on screen is drawn anew: another width, other colours, another conversation."""
        self._has_slack = False
        self._reflow()
        self._fill()
        self.refresh()

    # ------------------------------------------------------------------------------------------------ drawing
    def _fill(self) -> None:
        """Draw what is on screen, at once if that is quick, else slice by slice."""
        if self.is_mounted and self.screen_rows and not self._is_filling:
            self._fill_slice()

    def _fill_slice(self) -> None:
        self._is_filling = False
        until = perf_counter() + SLICE_S
        while (index := self._undrawn()) is not None:
            self.draw(index, until)
            if perf_counter() >= until and self._undrawn() is not None:
                self._is_filling = True
                self.soon(self._fill_slice)
                return
        if not self.follow and not self._parsing and not self._holds_well():
            self._hold_row(self.top)
        self.filled()

    def filled(self) -> None:
        """Everything on screen is drawn."""

    def soon(self, callback: Callable[[], object], delay: float = 0.0) -> None:
        """Call back in a later turn of the event loop, seconds from now, as one of this widget's messages."""
        asyncio.get_running_loop().call_later(delay, self.call_later, callback)

    def _undrawn(self) -> int | None:
        """A message on screen that is not drawn in the present dress: nearest to the row that stands still."""
        shown = self._on_screen()
        for index in reversed(shown) if self.follow else shown:
            view, first = self.model.view(index), self.top - self.model.heights.top(index)
            if not view.is_drawn(self.dress) or not view.height or view.lay_out(first, first + self.screen_rows):
                return index
        return None

    def draw(self, index: int, until: float) -> None:
        """Draw a message until it is done or the clock (perf_counter seconds) says so, then put it on screen."""
        view = self.model.view(index)
        while not view.feed(self.dress, PIECE) and perf_counter() < until:
            pass
        self.conclude(view)
        self.settle(index)

    def conclude(self, view: MessageView) -> None:
        """What a message that is over still wants: its text parsed as a whole, in a thread if it is long."""
        for passage in view.unsettled():
            self.run_worker(self._settle_apart(view, passage), group="parse")

    async def _settle_apart(self, view: MessageView, passage: Passage) -> None:
        self._parsing += 1
        try:
            await passage.settle_apart()
        finally:
            self._parsing -= 1
        if view.id in self.model and self.model.find(view.id) is view:
            self.settle(self.model.index(view.id))
            self._fill()

    def settle(self, index: int, *, is_news: bool = False) -> None:
        """Show what was fed or said to a message: new height, same place, only what changed painted."""
        view = self.model.view(index)
        if not view.is_dressed(self.dress):
            return
        first = view.settle()
        if first is None:
            return
        painted_before = view.drop_strips(first)
        grown = self.model.heights.set(index, view.height)
        if is_news and not self.follow and grown > 0:
            self._news += grown
            self._tell_news()
        if self._reflow():
            self.refresh()
        elif grown and index < len(self.model) - 1:
            self.repaint(self.model.heights.top(index) + first, self.top + self.screen_rows)
        else:
            self._repaint_rows(index, first, view.height - grown, painted_before)
