"""Help: every key and command, made from the bindings themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from llmtui.tui import commands
from llmtui.tui.widgets.prompt_area import PromptArea

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

    from llmtui.tui.screens.chat import ChatScreen


class HelpScreen(ModalScreen[None]):
    """One column of text that scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,q", "dismiss", "Close", show=False)]
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        & > VerticalScroll {
            width: 92%; max-width: 92; height: 88%; background: $panel; border: round $accent; padding: 0 2;
            border-title-color: $accent; border-subtitle-color: $text-muted;
        }
    }
    """

    def __init__(self, chat: ChatScreen) -> None:
        super().__init__()
        self._chat = chat

    def compose(self) -> ComposeResult:
        box = VerticalScroll(Static(Content("\n").join(self._lines())))
        box.border_title = Content("Help")
        box.border_subtitle = Content("Esc closes · every key can be changed in [ui.keys]")
        yield box

    def _lines(self) -> Iterable[Content]:
        where = ""
        for action in commands.ACTIONS:
            if action.where != where:
                where = action.where
                yield from _heading(where)
            yield _row(
                commands.key_text(self._chat, action), action.usage, action.title, action.name if action.keys else ""
            )
        yield from _heading("While typing")
        for binding in PromptArea.BINDINGS:
            if isinstance(binding, Binding) and binding.id:
                yield _row(commands.keys_of(self._chat, binding), "", binding.description, binding.id)
        yield _row("Ctrl+A Ctrl+E", "", "Beginning and end of the line", "")
        yield _row("Ctrl+U Ctrl+K Ctrl+W", "", "Delete to its beginning, to its end, a word", "")
        yield _row("Ctrl+Z Ctrl+Y", "", "Undo, redo", "")
        yield from _heading("Transcript (Shift+Tab goes there)")
        for binding in self._chat.transcript.BINDINGS:
            if isinstance(binding, Binding) and binding.description:
                yield _row(commands.keys_of(self._chat, binding), "", binding.description, binding.id or "")


def _heading(text: str) -> Iterable[Content]:
    yield Content("")
    yield Content(text).stylize("bold $accent")


def _row(keys: str, command: str, title: str, name: str) -> Content:
    first = f"{keys:<20}" if len(keys) < 20 else f"{keys} "
    shown = Content.assemble(Content(first).stylize("bold"), title)
    if command:
        shown = Content.assemble(shown, "  ", Content(command).stylize("$accent"))
    return Content.assemble(shown, "  ", Content(name).stylize("$text-muted")) if name else shown
