"""Help: every key and command, made from the bindings themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from llmtui.tui import commands
from llmtui.tui.screens.picker import fitting
from llmtui.tui.widgets.prompt_area import PromptArea

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

    from llmtui.tui.screens.chat import ChatScreen

EDITING = (
    ("ctrl+a,ctrl+e", "Beginning and end of the line"),
    ("ctrl+u,ctrl+k", "Delete to its beginning, to its end"),
    ("ctrl+w", "Delete a word"),
    ("ctrl+z,ctrl+y", "Undo, redo"),
)
"""The text area's own, which have no names to rebind them by."""
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
            scrollbar-gutter: stable; scrollbar-size-vertical: 1;
            border-title-color: $accent; border-subtitle-color: $muted;
        }
        & Static { width: 1fr; }
    }
    HelpScreen.-narrow > VerticalScroll { width: 100%; padding: 0 1; }
    """

    def __init__(self, chat: ChatScreen) -> None:
        super().__init__()
        self._chat = chat

    def compose(self) -> ComposeResult:
        box = VerticalScroll(Static())
        box.border_title = Content("Help")
        yield box

    def on_resize(self) -> None:
        self.call_after_refresh(self._lay_out)

    def _lay_out(self) -> None:
        text, box = self.query_one(Static), self.query_one(VerticalScroll)
        hint = "↑ ↓ scroll · every key can be changed in [ui.keys] · Esc closes"
        box.border_subtitle = Content(fitting(hint, box.size.width - 6))
        lines = [line for row in self._rows() for line in row.lines(max(20, text.size.width))]
        text.update(Content("\n").join(lines))

    def _rows(self) -> Iterable[_Row]:
        where = ""
        for action in commands.ACTIONS:
            if action.where != where:
                where = action.where
                yield _heading(where)
            yield _Row(
                commands.key_text(self._chat, action), action.usage, action.title, action.name if action.keys else ""
            )
        yield _heading("While typing")
        for binding in PromptArea.BINDINGS:
            if isinstance(binding, Binding) and binding.id:
                yield _Row(commands.keys_of(self._chat, binding), "", binding.description, binding.id)
        for keys, title in EDITING:
            yield _Row(commands.keys_of(self._chat, Binding(keys, "")), "", title, "")
        yield _heading("Transcript (Shift+Tab goes there)")
        for binding in self._chat.transcript.BINDINGS:
            if isinstance(binding, Binding) and binding.description:
                yield _Row(commands.keys_of(self._chat, binding), "", binding.description, binding.id or "")


class _Row(NamedTuple):
    """Keys, what they do, the command, and the name in `[ui.keys]`."""

    keys: str
    command: str
    title: str
    name: str
    is_heading: bool = False

    def lines(self, width: int) -> list[Content]:
        """As many lines as it takes; those after the first hang below what the keys do."""
        if self.is_heading:
            return [Content(""), *Content(self.title).stylize("bold $accent").wrap(width)]
        keys = Content(self.keys).stylize("bold")
        if width < 2 * KEYS + 8:
            return self._stacked(keys, width)
        indent = KEYS
        said: list[Content] = []
        for text, colour in ((self.title, ""), (self.command, "$accent"), (self.name, "$muted")):
            part = Content(text).stylize(colour) if colour else Content(text)
            if said and said[-1].cell_length + 2 + part.cell_length <= width - indent:
                said[-1] = Content.assemble(said[-1], "  ", part) if text else said[-1]
            elif text:
                said += [line.rstrip() for line in part.wrap(width - indent)]
        if keys.cell_length >= KEYS:  # the keys have a line of their own
            return [*([keys] if self.keys else []), *(Content.assemble(" " * indent, line) for line in said)]
        first = Content.assemble(keys, " " * (KEYS - keys.cell_length), said[0])
        return [first, *(Content.assemble(" " * indent, line) for line in said[1:])]

    def _stacked(self, keys: Content, width: int) -> list[Content]:
        """One column: the keys and the command that does the same, and below what they do; names are for wider ones."""
        ways = [part for part in (keys, Content(self.command).stylize("$accent")) if part]
        if (line := Content("  ").join(ways)).cell_length <= width:
            ways = [line]
        first, *hanging = [*ways, Content(self.title)]
        below = [line.rstrip() for part in hanging for line in part.wrap(width - 2)]
        return [first, *(Content.assemble("  ", line) for line in below)]


def _heading(text: str) -> _Row:
    return _Row("", "", text, "", is_heading=True)
