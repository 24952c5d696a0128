"""Draws messages near the screen while nothing else happens, and gives up those that are far away."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmtui.tui.widgets.transcript_view import TranscriptView

SCREENS = 2
"""Drawn above and below."""
PAUSE_S = 0.02
SLICE_S = 0.005
KEPT_ROWS = 20_000


class Ahead:
    """Works in slices with pauses, only as long as there is something to do."""

    def __init__(self, view: TranscriptView) -> None:
        self._view = view
        self.is_on = True
        """Off: only what is looked at is drawn."""
        self._is_due = False

    def want(self) -> None:
        """Something moved: look around after a pause."""
        if not self._is_due:
            self._is_due = True
            self._view.soon(self._slice, PAUSE_S)

    def _slice(self) -> None:
        self._is_due = False
        index = self._next() if self.is_on else None
        if index is None:
            self._give_up()
            return
        self._view.draw(index, perf_counter() + SLICE_S)
        self.want()

    def _next(self) -> int | None:
        """The nearest message not yet drawn, alternating below and above."""
        view, rows = self._view, self._view.screen_rows
        near = view.model.heights.between(view.top - SCREENS * rows, view.top + (SCREENS + 1) * rows)
        if not near or not view.is_mounted or not rows:
            return None
        middle = view.model.at(view.top).message
        for index in sorted(near, key=lambda index: abs(index - middle)):
            if not view.model.view(index).is_drawn(view.dress):
                return index
        return None

    def _give_up(self) -> None:
        """Drop the drawings of the messages farthest from the screen once there are too many rows."""
        view = self._view
        drawn = [(index, seen) for index, seen in view.model.views() if seen.is_dressed(view.dress)]
        kept = sum(seen.height for _, seen in drawn)
        if kept <= KEPT_ROWS or not len(view.model):
            return
        middle = view.model.at(view.top).message
        for index, seen in sorted(drawn, key=lambda entry: -abs(entry[0] - middle)):
            if kept <= KEPT_ROWS or abs(index - middle) <= 2:
                return
            if not seen.is_live:
                kept -= seen.height
                seen.release()
