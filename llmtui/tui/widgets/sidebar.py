"""The conversation list: by date, type to filter; opened, named, pinned, put away and deleted from here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from llmtui.core.sanitize import clean_line
from llmtui.tui.messages import ConversationChanged, ConversationChosen, ConversationDeleted
from llmtui.tui.when import day_group
from llmtui.tui.widgets.field import Field

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from textual.app import ComposeResult

    from llmtui.store.records import Conversation

KEYS = "Enter open · Esc leave\n^R rename · ^T pin\n^X archive · Del delete"


class Sidebar(Vertical):
    """Shows what it is given; what is typed into `filter` is the screen's to look for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Next conversation", show=False),
        Binding("up", "move(-1)", "Previous conversation", show=False),
        Binding("delete", "delete", "Delete the conversation (/undo brings it back)", show=False, priority=True),
        Binding("ctrl+r,alt+r", "change('rename')", "Rename the conversation", show=False, priority=True),
        Binding("ctrl+t,alt+t", "change('pin')", "Pin the conversation, or unpin it", show=False, priority=True),
        Binding(
            "ctrl+x", "change('archive')", "Put the conversation away, or fetch it back", show=False, priority=True
        ),
    ]
    DEFAULT_CSS = """
    Sidebar {
        background: $surface; border-right: vkey $border-blurred; padding: 0;
        & Input { border: none; height: 1; padding: 0 1 !important; background: $panel; }
        & Input:focus { border: none; }
        & OptionList { border: none; background: transparent; height: 1fr; padding: 0 0 0 1; scrollbar-size-vertical: 1; }
        & OptionList > .option-list--option-highlighted { background: $panel; color: $foreground; }
        & OptionList > .option-list--option-disabled { color: $muted; }
        & Static { height: auto; padding: 0 1; color: $muted; display: none; }
        &.-entered Static { display: block; }
    }
    Sidebar.-low Static { display: none; }
    Sidebar:focus-within OptionList > .option-list--option-highlighted {
        background: $block-cursor-background; color: $block-cursor-foreground;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.filter = Field(placeholder="Search titles", compact=True, select_on_focus=False)
        self.filter.cursor_blink = False
        self._list = OptionList(markup=False)
        self._list.can_focus = False
        self.lines: list[tuple[str, str]] = []
        """Of every line its conversation's id and title; empty ones for headings."""
        self._shown: dict[str, Conversation] = {}
        self._again: Callable[[], None] = lambda: None
        """Lists the same once more, for another width."""
        self._open: str | None = None
        """The conversation that was open when the list was shown last."""

    def compose(self) -> ComposeResult:
        yield self.filter
        yield self._list
        yield Static(Content(KEYS if not self.app.is_web else KEYS.replace("^R rename · ^T", "Alt+R name · Alt+T")))

    def show(
        self,
        conversations: Sequence[Conversation],
        current: str | None,
        streaming: Collection[str],
        unread: Mapping[str, int] | None = None,
    ) -> None:
        """List these; a mark stands before the one that is open, another before those that stream, and at the right end
        how many answers came while nobody looked."""
        self._again = partial(self.show, conversations, current, streaming, unread)
        if not self.size.width:
            return  # not laid out yet: that is a resize
        width = max(8, self.size.width - 4)
        marked = self.marked
        self._list.clear_options()
        self._shown = {conversation.id: conversation for conversation in conversations}
        self.lines, options, group = [], [], ""
        for conversation in conversations:
            heading = "Pinned" if conversation.pinned else day_group(conversation.updated_at)
            if conversation.archived:
                heading = "Archived"
            if heading != group:
                group = heading
                options.append(Option(Content(group).stylize("$muted"), disabled=True))
                self.lines.append(("", ""))
            title = clean_line(conversation.title) or "Untitled"
            mark = "◌" if conversation.id in streaming else "▸" if conversation.id == current else " "
            news = (unread or {}).get(conversation.id, 0)
            count = Content(f" {news}").stylize("bold $accent") if news else Content("")
            line = Content(f"{mark} {title}").truncate(width - count.cell_length, ellipsis=True)
            line = line.stylize("bold") if conversation.id == current or news else line
            gap = " " * (width - line.cell_length - count.cell_length) if news else ""
            options.append(Option(Content.assemble(line, gap, count)))
            self.lines.append((conversation.id, title))
        if not options:
            found = "No title has this in it" if self.filter.value else "No conversations yet"
            options.append(Option(Content(found), disabled=True))
            self.lines.append(("", ""))
        self._list.add_options(options)
        moved, self._open = current != self._open, current  # the cursor goes along; else it stays where it was put
        wanted = current if moved else marked or current
        place = next((n for n, (known, _) in enumerate(self.lines) if known and known == wanted), None)
        if place is None and not (moved and current is None):
            place = next((n for n, (known, _) in enumerate(self.lines) if known), None)
        self._list.highlighted = place

    @property
    def marked(self) -> str | None:
        """The id of the conversation that the cursor is on."""
        place = self._list.highlighted
        return self.lines[place][0] if place is not None and place < len(self.lines) else None

    def on_resize(self) -> None:
        self._again()

    def on_descendant_focus(self) -> None:
        self.add_class("-entered")

    def on_descendant_blur(self) -> None:
        self.remove_class("-entered")

    def action_move(self, step: int) -> None:
        if step > 0:
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()

    def action_delete(self) -> None:
        place = self._list.highlighted
        if place is not None and self.lines[place][0]:
            self.post_message(ConversationDeleted(*self.lines[place]))

    def action_change(self, what: str) -> None:
        if known := self._shown.get(self.marked or ""):
            self.post_message(ConversationChanged(known.id, clean_line(known.title), what))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if conversation_id := self.marked:
            self.post_message(ConversationChosen(conversation_id))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(ConversationChosen(self.lines[event.option_index][0]))

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
