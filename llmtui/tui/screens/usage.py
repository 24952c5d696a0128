"""Usage: what was asked, what it cost, how quickly it came; a row leads to its conversations."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from llmtui.core.errors import LlmtuiError
from llmtui.core.sanitize import clean_line
from llmtui.tui import usage
from llmtui.tui.messages import ConversationChosen
from llmtui.tui.screens.picker import Picker, Row
from llmtui.tui.when import ago

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from llmtui.store.figures import Grouping
    from llmtui.store.records import Conversation
    from llmtui.tui.screens.chat import ChatScreen

NAMES = 13
"""Columns for the names of the figures."""


class UsageScreen(Picker[None]):
    """Figures above, shares below; Tab shows the shares by something else."""

    TITLE_TEXT: ClassVar[str] = "Usage"
    HINT: ClassVar[str] = "Tab other shares · Enter its conversations · Esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "by(1)", "Shares by something else", show=False, priority=True),
        Binding("shift+tab", "by(-1)", "Shares by what was before", show=False, priority=True),
        Binding("f6", "leave", "Close", show=False),
    ]
    DEFAULT_CSS = """
    UsageScreen {
        & > Vertical { max-width: 116; }
        & Static { height: auto; }
    }
    """

    def __init__(self, chat: ChatScreen) -> None:
        super().__init__()
        self._chat = chat
        self._figures = Static(id="figures")
        self._report: usage.Report | None = None
        self._place = 0

    def parts(self) -> ComposeResult:
        yield self._figures
        yield from super().parts()

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._load, exclusive=True)  # type: ignore[arg-type]  # not yet a coroutine: it may be closed at once

    async def _load(self) -> None:
        session = self._chat.session
        if session is None:
            return
        try:
            report = await asyncio.to_thread(usage.read, session.store, session.config.budget)
            await self._chat.budgets.refresh()
            gauges = await session.gauges(self._chat.talk.id or "")
        except LlmtuiError as error:
            self.notify(error.sentence, severity="warning", markup=False)
            return
        self._report = report._replace(gauges=gauges, alerts=self._chat.budgets.alerts)
        self.fill()

    @property
    def grouping(self) -> tuple[str, Grouping]:
        """What the shares are by: our word and the ledger's."""
        return usage.GROUPINGS[self._place]

    def action_by(self, step: int) -> None:
        self._place = (self._place + step) % len(usage.GROUPINGS)
        self._list.highlighted = None
        self.fill()

    def fill(self) -> None:
        self.box.border_title = Content(f"Usage by {self.grouping[0]}")
        if self._report is not None:
            lines = self._head(self._report)
            self.above = len(lines)
            self._figures.update(Content("\n").join(lines))
        super().fill()

    def _head(self, report: usage.Report) -> Sequence[Content]:
        """As many figures as leave half of the screen to the shares, each on one line."""
        room = max(2, self.size.height // 2 - 4)
        width = max(20, self._list.size.width - 1)
        lines = []
        for name, said, colour in list(usage.head(report))[:room]:
            text = Content(clean_line(said)).stylize(f"${colour}") if colour else Content(clean_line(said))
            line = Content.assemble(Content(f" {name:<{NAMES}}").stylize("$muted"), text)
            lines.append(line.truncate(width, ellipsis=True))
        return lines

    def rows(self) -> Sequence[Row]:
        if self._report is None:
            return []
        found = self._report.shares[self.grouping[0]]
        whole = sum(map(usage.weight, found))
        top = max(map(usage.weight, found), default=0) if self.grouping[0] == "day" else 0
        width = self._list.size.width
        return [
            Row(each.key or "-", each.label or each.key or "(none)", usage.share(each, whole, width, top=top))
            for each in found
        ]

    @property
    def nothing(self) -> str:
        if self._report is None:
            return "Reading the ledger …"
        return self.NOTHING if self.query_text else "Nothing has been asked yet"

    def take(self, row: Row) -> None:
        word, by = self.grouping
        if by == "conversation":
            self._open(row.id)
        else:
            self.app.push_screen(
                SpentOn(self._chat, by, "" if row.id == "-" else row.id, f"Conversations: {word} {row.title}"),
                self._open,
            )

    def _open(self, conversation_id: str | None) -> None:
        if conversation_id:
            self.dismiss(None)
            self._chat.post_message(ConversationChosen(conversation_id))


class SpentOn(Picker[str]):
    """The conversations behind a row, dearest first."""

    HINT: ClassVar[str] = "Enter opens · Esc goes back"
    NOTHING: ClassVar[str] = "No conversation of these is kept"

    def __init__(self, chat: ChatScreen, by: Grouping, key: str, title: str) -> None:
        super().__init__()
        self._chat, self._by, self._key, self._title = chat, by, key, clean_line(title)
        self._found: Sequence[tuple[Conversation, int]] = ()

    def on_mount(self) -> None:
        super().on_mount()
        self.box.border_title = Content(self._title)
        self.run_worker(self._load, exclusive=True)  # type: ignore[arg-type]  # not yet a coroutine: it may be closed at once

    async def _load(self) -> None:
        if self._chat.library is not None:
            self._found = await self._chat.library.spent_on(self._by, self._key)
            self.fill()

    def rows(self) -> Sequence[Row]:
        return [
            Row(each.id, each.title or "(untitled)", f"{usage.amount(nanos)} · {ago(each.updated_at)}")
            for each, nanos in self._found
        ]

    def take(self, row: Row) -> None:
        self.dismiss(row.id)
