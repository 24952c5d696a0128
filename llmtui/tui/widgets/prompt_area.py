"""The text area behind the prompt: line editing, the history of what was sent, pastes that fold into marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import TextArea

from llmtui.core.sanitize import clean
from llmtui.tui.marks import Marks, folds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.widgets.text_area import Edit, Location

    from llmtui.core.messages import Attachment

PLACEHOLDERS = (
    "Ask anything · Enter sends · Ctrl+J new line · / commands · @ files",
    "Ask anything · Enter sends · / commands",
    "Ask · Enter sends",
)
"""Longest first: the first that fits is shown."""
_NOT_OURS = {"select_line", "select_all", "cursor_page_up", "cursor_page_down", "copy", "cursor_up", "cursor_down"}
"""Text area actions whose keys belong to the chat (F6, F7, PageUp, PageDown), or that are bound anew below."""


class PromptArea(TextArea, inherit_bindings=False):
    """Enter submits; everything else edits."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(b for b in TextArea.BINDINGS if isinstance(b, Binding) and b.action not in _NOT_OURS),
        Binding("enter", "submit", "Send", id="send", show=False),
        Binding("ctrl+j,shift+enter", "new_line", "New line", id="new-line", show=False),
        Binding("up", "cursor_up", "Earlier prompt, on the first line", id="history-back", show=False),
        Binding("down", "cursor_down", "Later prompt, on the last line", id="history-forward", show=False),
        Binding("tab", "complete", "Complete /command and @file; open a folded paste", id="complete", show=False),
        Binding("ctrl+c,super+c", "copy", "Copy", show=False),
    ]

    DEFAULT_CSS = """
    PromptArea {
        height: auto; min-height: 1; border: none; padding: 0 1; background: transparent;
        scrollbar-size-vertical: 1;
        &:focus { border: none; }
        & .text-area--cursor-line { background: transparent; }
        & .text-area--placeholder { color: $muted; }
    }
    """

    class Submitted(Message):
        """Enter was pressed; the area is empty again."""

        def __init__(self, text: str, attachments: tuple[Attachment, ...]) -> None:
            super().__init__()
            self.text = text
            self.attachments = attachments

    class Left(Message):
        """Tab was pressed where there is nothing to complete."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, highlight_cursor_line=False, show_line_numbers=False)
        self.cursor_blink = False  # nothing blinks but the thinking mark
        self.marks = Marks()
        self.earlier: Sequence[str] = ()
        """What was sent before, oldest first."""
        self.steer: Callable[[str], bool] = lambda _key: False
        """Asked first about `up`, `down`, `tab`, `enter` and `escape`: a list of completions may want them."""
        self._place = 0
        """How many prompts back the reader has gone."""
        self._unsent = ""

    def on_resize(self) -> None:
        fitting = [text for text in PLACEHOLDERS if len(text) < self.size.width - 1]
        self.placeholder = Content(fitting[0] if fitting else "")

    # ------------------------------------------------------------------------------------------------ editing

    def edit(self, edit: Edit) -> object:  # type: ignore[override]
        """Apply an edit, widened so that a mark goes as a whole or stays as a whole."""
        if self.marks:
            top, bottom = edit.top, edit.bottom
            edit.from_location, edit.to_location = self._around_marks(top, bottom)
        return super().edit(edit)

    def _around_marks(self, top: Location, bottom: Location) -> tuple[Location, Location]:
        inserting = top == bottom
        for start, end, _label in self.marks.spans(self.document.get_line(top[0])):
            if start < top[1] < end:
                top = (top[0], end if inserting else start)
        if inserting:
            return top, top
        for start, end, _label in self.marks.spans(self.document.get_line(bottom[0])):
            if start < bottom[1] < end:
                bottom = (bottom[0], end)
        return top, bottom

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "shift+\r":  # how some terminals report Shift+Enter
            event.stop()
            event.prevent_default()
            self.action_new_line()
            return
        self._place = self._place if event.key in {"up", "down"} else 0
        if event.is_printable:
            return
        # Not left to the app, which asks bindings last: letters that came with this key would be typed before it.
        if (event.key == "escape" and self.steer("escape")) or await self.app._check_bindings(event.key):  # noqa: SLF001
            event.stop()
            event.prevent_default()
        elif event.key == "enter":  # the text area would insert it
            event.prevent_default()

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.insert_pasted(event.text)

    def insert_pasted(self, text: str) -> None:
        """Put pasted text in at the cursor, cleaned; a long one as a mark."""
        text = clean(text.replace("\r\n", "\n").replace("\r", "\n"))
        if text:
            self._put(self.marks.add_paste(text) if folds(text) else text)

    def _put(self, text: str) -> None:
        if result := self._replace_via_keyboard(text, *self.selection):
            self.move_cursor(result.end_location)

    def action_paste(self) -> None:
        self.insert_pasted(self.app.clipboard)

    def action_new_line(self) -> None:
        self._put("\n")

    def action_submit(self) -> None:
        """Send; a backslash at the end of the line asks for another line instead."""
        if self.steer("enter"):
            return
        row, column = self.cursor_location
        if column and self.selection.is_empty and self.document.get_line(row)[:column].endswith("\\"):
            self.replace("\n", (row, column - 1), (row, column))
            self.move_cursor((row + 1, 0))
        else:
            text, attachments = self.marks.expand(self.text)
            if text.strip() or attachments:
                self.empty()  # now: what is typed while the message travels is the next one
                self.post_message(self.Submitted(text, attachments))

    def action_complete(self) -> None:
        """Take a completion, or unfold the paste at the cursor, or go on to what can be focused next."""
        if self.steer("tab"):
            return
        row, column = self.cursor_location
        for start, end, label in self.marks.spans(self.document.get_line(row)):
            if start <= column <= end and (content := self.marks.pasted(label)) is not None:
                self._unfold((row, start), (row, end), content)
                return
        self.post_message(self.Left())

    def _unfold(self, start: Location, end: Location, content: str) -> None:
        result = self.replace(content, start, end)
        self.move_cursor(result.end_location)

    # ------------------------------------------------------------------------------------------------ history

    def action_cursor_up(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - Textual's signature
        if not select and self.steer("up"):
            return
        if select or not self.navigator.is_first_wrapped_line(self.cursor_location):
            super().action_cursor_up(select)
        elif self._place < len(self.earlier):
            if not self._place:
                self._unsent = self.text
            self._place += 1
            self._show_earlier()

    def action_cursor_down(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - Textual's signature
        if not select and self.steer("down"):
            return
        if select or not self.navigator.is_last_wrapped_line(self.cursor_location):
            super().action_cursor_down(select)
        elif self._place:
            self._place -= 1
            self._show_earlier()

    def _show_earlier(self) -> None:
        self.set_text(self.earlier[-self._place] if self._place else self._unsent)

    # ------------------------------------------------------------------------------------------------ whole text

    def set_text(self, text: str) -> None:
        """Replace everything; can be undone; the cursor stands at the end."""
        self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
        self.move_cursor(self.document.end)

    def empty(self) -> None:
        """Forget text, marks and the edits that led there."""
        self.load_text("")
        self.marks.clear()
        self._place = 0
