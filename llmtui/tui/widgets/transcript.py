"""The conversation on screen: one widget that draws every line itself, told what to show by the app, asked by keys.

The app calls the methods; the widget answers with the past-tense messages of `transcript_events`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmtui.tui.widgets import transcript_events as told
from llmtui.tui.widgets.transcript_ahead import Ahead
from llmtui.tui.widgets.transcript_item import Item
from llmtui.tui.widgets.transcript_keys import KeyedView
from llmtui.tui.widgets.transcript_model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Item", "Transcript"]


class Transcript(KeyedView):
    """A conversation: opened with `open`, fed with `begin_answer`, `append_text`, `finish_answer`."""

    ContinueRequested = told.ContinueRequested
    CopyRequested = told.CopyRequested
    DeleteRequested = told.DeleteRequested
    DetailRequested = told.DetailRequested
    EditRequested = told.EditRequested
    ExcludeToggled = told.ExcludeToggled
    EscapePressed = told.EscapePressed
    FindEnded = told.FindEnded
    FindProgressed = told.FindProgressed
    FindRequested = told.FindRequested
    FollowChanged = told.FollowChanged
    Left = told.Left
    LinkActivated = told.LinkActivated
    MessageSelected = told.MessageSelected
    NewLinesArrived = told.NewLinesArrived
    PinToggled = told.PinToggled
    RegenerateRequested = told.RegenerateRequested
    SiblingRequested = told.SiblingRequested

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.ahead = Ahead(self)

    # ------------------------------------------------------------------------------------------------ the app's calls
    def open(self, items: Sequence[Item], *, at: str | None = None) -> None:
        """Show another conversation from its end, or from a message. Only what is on screen is rendered."""
        self.clear()
        self.model = Model(items, self.dress.width)
        for item in items[-1:]:
            if self.model.view(len(items) - 1).is_live:
                self._arrive(item.id)
        self.redraw()
        if at is not None:
            self.scroll_to_message(at)

    def clear(self) -> None:
        """Show nothing."""
        self._arrivals.clear()
        self._quiet_down()
        self.model = Model()
        self._range = self._hold = None
        self.end_find()
        self.selected = None
        self.follow = True
        self._move(0, 0)
        self.refresh()

    def prepend(self, items: Sequence[Item]) -> None:
        """Put older messages at the top; what is on screen stays."""
        if not self.follow:
            self._hold_row(self.top)
        self.model.insert(0, items, self.dress.width)
        self._restructured()

    def replace_message(self, message_id: str, item: Item) -> None:
        """Put another message (a sibling, say) in the place of one. Raise KeyError when there is no such message."""
        index = self.model.index(message_id)
        self._arrivals.pop(message_id, None)
        was_selected = self.selected == message_id
        self.model.replace(index, item, self.dress.width)
        if self.model.view(index).is_live:
            self._arrive(item.id)
        self._quiet_down()
        if was_selected:
            self.selected = item.id
        self._restructured()

    def update_message(self, message_id: str, **changes: object) -> None:
        """Change what is said about a message: fields of `Item` such as metadata, sibling, pinned, excluded, actions.

        A new `text` or `reasoning` draws it anew. Raise KeyError when there is no such message.
        """
        view = self.model.find(message_id)
        item = view.item._replace(**changes)  # type: ignore[arg-type]
        if "text" in changes or "reasoning" in changes:
            self.replace_message(message_id, item)
            return
        view.update(item)
        self.settle(self.model.index(message_id))

    def remove_message(self, message_id: str) -> None:
        """Take a message away. Raise KeyError when there is no such message."""
        index = self.model.index(message_id)
        self._arrivals.pop(message_id, None)
        if self.selected == message_id:
            self.selected = None
        self.model.remove(index)
        self._quiet_down()
        self._restructured()

    def _restructured(self) -> None:
        """Messages have other places now: what counts by places begins anew."""
        self.screen.clear_selection()
        self._range = None
        self.redraw()
        if self._find is not None:
            self.find(self._find.text, go=False)

    def filled(self) -> None:
        """What is on screen is drawn: go on with what is near."""
        self.ahead.want()

    def notify_style_update(self) -> None:
        """The theme, or what applies here, may have changed."""
        super().notify_style_update()
        if self.is_mounted:
            self.call_next(self.restyle)  # Textual renews the styles of component classes only after this call
