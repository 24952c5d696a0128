"""Context: what the next request will send, message by message; taken out, pinned, dropped or summarised from here."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from llmtui.core.context import oldest
from llmtui.core.messages import Role
from llmtui.core.sanitize import clean_line
from llmtui.tui import context
from llmtui.tui.screens.picker import Picker, Row
from llmtui.tui.status import bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from llmtui.core.context import Entry
    from llmtui.core.messages import Message
    from llmtui.tui.screens.chat import ChatScreen

_MARKS = {"sent": " ", "dropped": "↓", "excluded": "✗", "summarised": "≈"}
_SPEAKERS = {Role.USER: "you", Role.ASSISTANT: "model", Role.SYSTEM: "system"}
SUMMARY, PROMPT = "-summary", "-prompt"
"""Rows that are no stored message."""


class ContextScreen(Picker[None]):
    """There is nothing to type here: letters are commands."""

    TITLE_TEXT: ClassVar[str] = "Context of the next request"
    HINT: ClassVar[str] = "x in or out · p pin · o drop the oldest · s summarise · Enter shows it · Esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "exclude", "In or out of the context", show=False),
        Binding("p", "pin", "Pin", show=False),
        Binding("o", "drop_oldest", "Drop the oldest", show=False),
        Binding("s", "summarise", "Summarise the older part", show=False),
        Binding("enter", "pick", "Show the message", show=False),
        Binding("f4", "leave", "Close", show=False),
    ]
    DEFAULT_CSS = """
    ContextScreen {
        & > Vertical { max-width: 116; }
        & Static { height: auto; margin: 0 0 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & Input { display: none; }
    }
    """

    def __init__(self, chat: ChatScreen) -> None:
        super().__init__()
        self._chat = chat
        self._figures = Static(id="figures")
        self._found: context.Look | None = None
        self._input.disabled = True

    def parts(self) -> ComposeResult:
        yield self._figures
        yield from super().parts()

    def on_mount(self) -> None:
        self.reload()

    def reload(self) -> None:
        """Plan anew."""
        self.run_worker(self._load, exclusive=True)  # type: ignore[arg-type]  # not yet a coroutine: it may be closed at once

    async def _load(self) -> None:
        self._found = await context.look(self._chat)
        self.fill()

    def fill(self) -> None:
        if self._found is not None:
            lines = context.head(self._found, self._list.size.width - 1)[: 1 if self.size.height < 16 else None]
            self.above = len(lines)
            self._figures.update(Content("\n".join(map(clean_line, lines))))
        super().fill()

    # ------------------------------------------------------------------------------------------------ rows

    def rows(self) -> Sequence[Row]:
        if self._found is None:
            return []
        plan = self._found.plan
        whole = plan.window or max(1, plan.tokens)
        return [self._row(entry, whole, number == len(plan.entries)) for number, entry in enumerate(plan.entries, 1)]

    def _row(self, entry: Entry, whole: int, is_prompt: bool) -> Row:  # noqa: FBT001 - one of two kinds of row
        message = entry.message
        said = " ".join(message.content[:200].split()) or ("(nothing typed yet)" if is_prompt else "")
        files = f" ⎘ {len(message.attachments)}" if message.attachments else ""
        speaker = "prompt" if is_prompt else _SPEAKERS[message.role]
        mark = "●" if message.pinned else _MARKS[entry.fate]
        share = entry.tokens / whole if entry.fate == "sent" else 0.0
        width = self.size.width
        detail = f"{entry.tokens:>7,}"
        if width >= 60:
            detail = f"{bar(share)} {share * 100:5.1f} % {detail}"
        if width >= 80:
            detail = f"{'' if entry.fate == 'sent' else entry.fate:<10} {detail}"
        key = message.id or (PROMPT if is_prompt else "-system" if message.role is Role.SYSTEM else SUMMARY)
        return Row(key, f"{'summary' if key == SUMMARY else speaker:<7} {said}{files}", detail, mark)

    def take(self, row: Row) -> None:
        """Go to the message in the transcript."""
        self.dismiss(None)
        if row.id in self._chat.transcript.model:
            self._chat.transcript.selected = row.id
            self._chat.transcript.scroll_to_message(row.id)
            self._chat.transcript.focus()

    def action_pick(self) -> None:
        if self.current is not None:
            self.take(self.current)

    # ------------------------------------------------------------------------------------------------ changing

    def _message(self) -> Message | None:
        """The message of the marked row; says so when it is none that can be changed."""
        message = self._chat.message(self.current.id) if self.current is not None else None
        if message is None:
            self._chat.say("This is always sent")
        return message

    async def action_exclude(self) -> None:
        if (message := self._message()) is not None:
            await self._chat.mark_message(message, excluded=not message.excluded)
            self.reload()

    async def action_pin(self) -> None:
        if (message := self._message()) is not None:
            await self._chat.mark_message(message, pinned=not message.pinned)
            self.reload()

    async def action_drop_oldest(self) -> None:
        """Take the oldest exchange out that is still sent."""
        gone = oldest(self._found.plan.sent) if self._found is not None else []
        if not gone:
            self._chat.say("There is nothing left to drop")
        for message in gone:
            await self._chat.mark_message(message, excluded=True)
        self.reload()

    async def action_summarise(self) -> None:
        await self._chat.action_run("summarise")
