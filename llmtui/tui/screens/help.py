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

KEYS = 22
"""Columns for the keys."""


class HelpScreen(ModalScreen[None]):
    """One column of text that scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,q", "dismiss", "Close", show=False)]
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        & > VerticalScroll {
            width: 92%; max-width: 92; height: 88%; background: $panel; border: round $accent; padding: 0 2;
            border-title-color: $accent; border-subtitle-color: $muted;
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
    """Keys, what they do, the command, and the name in `[ui.keys]`."""
    left = Content(f"{keys:<{KEYS}}" if len(keys) < KEYS else f"{keys} ").stylize("bold")
    parts = [left, Content(title)]
    if command:
        parts.append(Content(f"  {command}").stylize("$accent"))
    if name:
        parts.append(Content(f"  {name}").stylize("$muted"))
    return Content.assemble(*parts)
