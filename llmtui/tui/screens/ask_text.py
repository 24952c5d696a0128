"""A dialog with one line to fill in; what is typed can be hidden, for keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from llmtui.core.sanitize import clean
from llmtui.tui.widgets.field import Field

if TYPE_CHECKING:
    from textual.app import ComposeResult


class AskText(ModalScreen[str]):
    """Dismissed with what was typed; None when left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel", show=False)]
    DEFAULT_CSS = """
    AskText {
        align: center middle;
        & > Vertical {
            width: 90%; max-width: 72; height: auto; background: $panel; border: round $accent; padding: 0 1;
            border-subtitle-color: $muted;
        }
        & Input { border: none; height: 1; padding: 0 1; margin-top: 1; background: $surface; }
        & Input:focus { border: none; }
    }
    """

    def __init__(self, question: str, *, value: str = "", hidden: bool = False) -> None:
        super().__init__()
        self._question, self._value, self._hidden = question, value, hidden

    def compose(self) -> ComposeResult:
        box = Vertical(Static(Content(clean(self._question))), Field(self._value, password=self._hidden, compact=True))
        box.border_subtitle = Content("Enter takes · Esc cancels")
        yield box

    def on_mount(self) -> None:
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)
