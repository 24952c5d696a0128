"""The status bar: one line, painted by one method; what does not fit falls off the right end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from llmtui.tui.messages import ActionChosen
from llmtui.tui.status import Part, Status, fitting, parts

if TYPE_CHECKING:
    from textual import events

_GAP = " │ "


class StatusBar(Widget):
    """Shows a `Status`; a click on a figure asks for the screen behind it."""

    DEFAULT_CSS = """
    StatusBar { height: 1; dock: bottom; padding: 0 1; color: $muted; background: $surface; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.status = Status()
        self._shown: list[Part] = []

    def show(self, status: Status) -> None:
        """Paint another moment, if it differs."""
        if status != self.status:
            self.status = status
            self.refresh()

    def render(self) -> Content:
        self._shown = fitting(parts(self.status), self.size.width, len(_GAP))
        return Content(_GAP).stylize("dim").join(part.text for part in self._shown)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        position = event.get_content_offset(self)
        if position is None:
            return
        end = 0
        for part in self._shown:
            end += part.text.cell_length
            if position.x < end:
                if part.action:
                    self.post_message(ActionChosen(part.action))
                return
            end += len(_GAP)
