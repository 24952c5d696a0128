"""The keys of the transcript: each moves the view, or tells the app what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from llmtui.core.messages import Role
from llmtui.render.text import plain_text
from llmtui.tui.widgets import transcript_events as told
from llmtui.tui.widgets.transcript_reading import ReadingView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.binding import BindingType

    from llmtui.render import CodeBlock


CODE_STEP = 8
"""Cells that code scrolls sideways at once."""


class KeyedView(ReadingView):
    """A `ReadingView` that is driven by keys, all of which can be bound anew by their ids."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "select(1)", "Next message", id="transcript.next", show=False),
        Binding("k,up", "select(-1)", "Previous message", id="transcript.previous", show=False),
        Binding("g,home", "first", "First message", id="transcript.first", show=False),
        Binding("G,end", "last", "Last message", id="transcript.last", show=False),
        Binding("pageup", "page(-1)", "Page up", id="transcript.page_up", show=False),
        Binding("pagedown", "page(1)", "Page down", id="transcript.page_down", show=False),
        Binding("ctrl+end", "follow", "Follow the newest text", id="transcript.follow", show=False),
        Binding("y", "copy", "Copy message", id="transcript.copy"),
        Binding("Y", "copy_plain", "Copy message as plain text", id="transcript.copy_plain", show=False),
        *(
            Binding(str(n), f"copy_code({n})", f"Copy code block {n}", id=f"transcript.copy_{n}", show=False)
            for n in range(1, 10)
        ),
        Binding("e", "edit", "Edit and resend", id="transcript.edit"),
        Binding("r", "regenerate", "Regenerate", id="transcript.regenerate"),
        Binding(
            "left,left_square_bracket", "sibling(-1)", "Previous answer", id="transcript.sibling_previous", show=False
        ),
        Binding("right,right_square_bracket", "sibling(1)", "Next answer", id="transcript.sibling_next", show=False),
        Binding("c", "continue", "Continue a cut answer", id="transcript.continue"),
        Binding("x", "exclude", "In or out of the context", id="transcript.exclude"),
        Binding("p", "pin", "Pin", id="transcript.pin"),
        Binding("d", "delete", "Delete", id="transcript.delete"),
        Binding("slash", "find", "Find", id="transcript.find"),
        Binding("n", "hit(1)", "Next hit", id="transcript.next_hit", show=False),
        Binding("N", "hit(-1)", "Previous hit", id="transcript.previous_hit", show=False),
        Binding("space", "fold", "Open or close reasoning or a long paste", id="transcript.fold", show=False),
        Binding("less_than_sign,shift+left", "code(-1)", "Code to the left", id="transcript.code_left", show=False),
        Binding(
            "greater_than_sign,shift+right",
            "code(1)",
            "Code to the right, on a narrow screen",
            id="transcript.code_right",
            show=False,
        ),
        Binding("enter", "detail", "Details", id="transcript.detail"),
        Binding("escape", "escape", "Leave", id="transcript.escape", show=False),
        Binding("tab", "leave", "To the prompt", id="transcript.leave", show=False),
    ]

    def follow_newest(self) -> None:
        """Back to the newest text."""
        self.follow = True
        self.redraw()

    # ------------------------------------------------------------------------------------------------ what can be copied
    def message_source(self, message_id: str) -> str:
        """A message's text as it came, be it that more is coming."""
        return self.model.find(message_id).body.source

    def code_blocks(self, message_id: str) -> Sequence[CodeBlock]:
        """A message's code blocks in order, the last one perhaps still growing."""
        view = self.model.find(message_id)
        if view.role is not Role.ASSISTANT:
            return ()
        while not view.feed(self.dress, 1 << 20):
            pass
        return view.body.document.code_blocks if view.body.document is not None else ()

    # ------------------------------------------------------------------------------------------------ selecting
    def select_next(self) -> None:
        self.action_select(1)

    def select_previous(self) -> None:
        self.action_select(-1)

    def select_first(self) -> None:
        self._select(0)

    def select_last(self) -> None:
        self._select(len(self.model) - 1)

    def _select(self, index: int) -> None:
        if not 0 <= index < len(self.model):
            return
        self.selected = self.model.id(index)
        heights = self.model.heights
        is_whole = heights.top(index) >= self.top and heights.top(index + 1) <= self.top + self.screen_rows
        if index == len(self.model) - 1 and heights[index] <= self.screen_rows:
            self.follow_newest()
        elif not is_whole:
            self.scroll_to_message(self.model.id(index))

    # ------------------------------------------------------------------------------------------------ keys
    def action_select(self, delta: int) -> None:
        if self.selected is None or self.selected not in self.model:
            self._select(self.model.at(self.top + self.screen_rows - 1).message if len(self.model) else -1)
        else:
            self._select(max(0, min(len(self.model) - 1, self.model.index(self.selected) + delta)))

    def action_first(self) -> None:
        self.select_first()
        if len(self.model):
            self.scroll_to_message(self.model.id(0))

    def action_last(self) -> None:
        self.select_last()
        self.follow_newest()

    def action_page(self, delta: int) -> None:
        """Scroll by a screen, one row kept."""
        self.scroll_relative(y=delta * max(1, self.screen_rows - 1), animate=False, force=True)

    def action_follow(self) -> None:
        self.follow_newest()

    def _chosen(self) -> str | None:
        """The marked message, else the last one."""
        if self.selected is not None and self.selected in self.model:
            return self.selected
        return self.model.id(len(self.model) - 1) if len(self.model) else None

    def action_copy(self) -> None:
        if text := self.selected_text:
            self.post_message(told.CopyRequested(text, "selection"))
        elif message_id := self._chosen():
            self.post_message(told.CopyRequested(self.message_source(message_id), "message"))

    def action_copy_plain(self) -> None:
        if message_id := self._chosen():
            text = self.message_source(message_id)
            is_markdown = self.model.find(message_id).role is Role.ASSISTANT
            self.post_message(told.CopyRequested(plain_text(text) if is_markdown else text, "message as plain text"))

    def action_copy_code(self, number: int) -> None:
        message_id = self._chosen()
        blocks = self.code_blocks(message_id) if message_id else ()
        text = blocks[number - 1].text if number <= len(blocks) else ""
        self.post_message(told.CopyRequested(text, f"code block {number}"))

    def action_edit(self) -> None:
        if message_id := self._chosen():
            self.post_message(told.EditRequested(message_id))

    def action_regenerate(self) -> None:
        if message_id := self._chosen():
            self.post_message(told.RegenerateRequested(message_id))

    def action_sibling(self, delta: int) -> None:
        if message_id := self._chosen():
            self.post_message(told.SiblingRequested(message_id, delta))

    def action_continue(self) -> None:
        if message_id := self._chosen():
            self.post_message(told.ContinueRequested(message_id))

    def action_exclude(self) -> None:
        if message_id := self._chosen():
            self.post_message(told.ExcludeToggled(message_id))

    def action_pin(self) -> None:
        if message_id := self._chosen():
            self.post_message(told.PinToggled(message_id))

    def action_delete(self) -> None:
        if message_id := self._chosen():
            self.post_message(told.DeleteRequested(message_id))

    def action_detail(self) -> None:
        if message_id := self._chosen():
            self.post_message(told.DetailRequested(message_id))

    def action_fold(self) -> None:
        if message_id := self._chosen():
            self.toggle_fold(message_id)

    def action_code(self, delta: int) -> None:
        if message_id := self._chosen():
            self.shift_code(message_id, delta * CODE_STEP)

    def action_find(self) -> None:
        self.post_message(told.FindRequested())

    def action_hit(self, delta: int) -> None:
        self.next_hit(delta)

    def action_escape(self) -> None:
        self.post_message(told.EscapePressed())

    def action_leave(self) -> None:
        self.post_message(told.Left())

    def on_focus(self) -> None:
        """Mark the last message in sight, so that keys have something to be about; nothing moves."""
        if self.selected is None and len(self.model):
            last_row = min(self.top + self.screen_rows, self.model.heights.total) - 1
            self.selected = self.model.id(self.model.at(max(0, last_row)).message)
