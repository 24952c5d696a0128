"""Buttons for the ways out of a failure, between transcript and prompt: Tab reaches them, typing never does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

from llmtui.core.sanitize import clean_line
from llmtui.tui.messages import ActionChosen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.tui.widgets.transcript_item import Action


class WaysOut(Horizontal):
    """Shown while there is something to choose."""

    DEFAULT_CSS = """
    WaysOut {
        height: 1; padding: 0 1; background: $surface;
        & Static { width: 1fr; margin-left: 1; color: $warning; text-wrap: nowrap; text-overflow: ellipsis; }
        & Button { margin-right: 1; }
    }
    """

    def __init__(self, sentence: str, actions: Sequence[Action]) -> None:
        self.actions = tuple(actions)
        super().__init__(
            *(Button(Content(action.text), name=action.name, compact=True) for action in actions),
            Static(Content(clean_line(sentence))),
        )

    def say(self, sentence: str) -> None:
        """Another sentence, for a countdown."""
        self.query_one(Static).update(Content(clean_line(sentence)))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(ActionChosen(event.button.name or ""))
