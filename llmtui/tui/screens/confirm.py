"""A question with two answers; the harmless one has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from llmtui.core.sanitize import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App, ComposeResult


def ask(app: App[Any], question: str, *, yes: str, then: Callable[[], object], no: str = "Cancel") -> None:
    """Ask; `then` is called when the answer is yes. The question may contain text from outside."""

    def answered(answer: bool | None) -> None:  # noqa: FBT001 - a screen's callback
        if answer:
            then()

    app.push_screen(Confirm(question, yes=yes, no=no), answered)


class Confirm(ModalScreen[bool]):
    """Dismissed with True for yes; Esc is no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer(False)", "No", show=False),
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("n", "answer(False)", "No", show=False),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]
    DEFAULT_CSS = """
    Confirm {
        align: center middle;
        & > Vertical {
            width: 90%; max-width: 72; height: auto; background: $panel; border: round $accent; padding: 0 2;
        }
        & Static { margin: 0 0 1 0; }
        & Horizontal { height: 1; align-horizontal: right; }
        & Button { margin-left: 2; }
    }
    """

    def __init__(self, question: str, *, yes: str, no: str) -> None:
        super().__init__()
        self._question, self._yes, self._no = question, yes, no

    def compose(self) -> ComposeResult:
        yield Vertical(
            Static(Content(clean(self._question))),
            Horizontal(
                Button(Content(f"{self._no} (n)"), id="no", compact=True),
                Button(Content(f"{self._yes} (y)"), id="yes", variant="primary", compact=True),
            ),
        )

    def on_mount(self) -> None:
        self.query_one("#no", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 - an action's argument
        self.dismiss(answer)
