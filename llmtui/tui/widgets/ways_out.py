"""Buttons for the ways out of a failure, between transcript and prompt: Tab reaches them, typing never does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from llmtui.core.sanitize import clean_line
from llmtui.tui.messages import ActionChosen
from llmtui.tui.widgets.message_view_rows import wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events

    from llmtui.tui.widgets.transcript_item import Action

BESIDE = 5
"""Cells that a button takes beside its text: padding, and what stands between two."""


BELOW = 6
"""Rows for the rest: a line of the transcript, the buttons, the prompt, the status bar."""


class WaysOut(Vertical):
    """Shown while there is something to choose; with a sentence above where the transcript does not say it."""

    DEFAULT_CSS = """
    WaysOut {
        height: auto; padding: 0 1; background: $surface;
        & Static { height: auto; color: $warning; }
        & Horizontal { height: 1; }
        & Button { margin-right: 1; min-width: 0; }
        & Button.-style-default { background: $panel; color: $accent; }
        & Button.-style-default:focus { text-style: bold reverse; }
    }
    """

    def __init__(self, sentence: str, actions: Sequence[Action], *, anew: Callable[[], str] | None = None) -> None:
        """`anew` says the sentence each second: a countdown is in it."""
        self.actions = tuple(actions)
        self._anew = anew
        self._text = clean_line(sentence)
        self._sentence = Static(id="why")
        self._sentence.display = bool(sentence)
        self._buttons = [Button(Content(action.text), name=action.name, compact=True) for action in actions]
        super().__init__(self._sentence, Horizontal(*self._buttons))

    def on_mount(self) -> None:
        if (anew := self._anew) is not None:
            self.set_interval(1.0, lambda: self.say(anew()))

    def say(self, sentence: str) -> None:
        """Another sentence; none where the transcript says it."""
        self._text = clean_line(sentence)
        self._sentence.display = bool(sentence)
        self._lay_out(self.size.width)

    def _lay_out(self, width: int) -> None:
        """As many lines of the sentence as leave room for the buttons, the prompt and a line of the transcript."""
        lines = wrap(self._text, max(10, width))
        room = max(1, self.screen.size.height - BELOW)
        self._sentence.update(Content("\n".join(lines if len(lines) <= room else [*lines[: room - 1], "…"])))

    def on_resize(self, event: events.Resize) -> None:
        """Where not all fit, the commands alone stand on the buttons."""
        self._lay_out(self.size.width)
        needed = sum(len(action.text) + BESIDE for action in self.actions)
        for button, action in zip(self._buttons, self.actions, strict=True):
            button.label = Content(action.text if needed <= event.size.width else action.text.split()[-1])
            button.refresh(layout=True)  # which a new label alone does not ask for

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        action = self.actions[self._buttons.index(event.button)]
        self.post_message(ActionChosen(action.name, action.argument))
