"""Earlier answers to the very same question, from any conversation, marked as what they are and when they were given."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import ModalScreen

from llmtui.core.sanitize import clean_line
from llmtui.tui import describe
from llmtui.tui.messages import ConversationChosen
from llmtui.tui.screens.picker import fitting
from llmtui.tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from llmtui.core.messages import Message
    from llmtui.tui.screens.chat import ChatScreen
    from llmtui.tui.widgets import transcript_events as told


class EarlierScreen(ModalScreen[None]):
    """Newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", show=False),
        Binding("right,down,tab", "turn(1)", "An older one", show=False),
        Binding("left,up,shift+tab", "turn(-1)", "A newer one", show=False),
        Binding("pageup", "page(-1)", "Scroll up", show=False),
        Binding("pagedown", "page(1)", "Scroll down", show=False),
        Binding("y", "copy", "Copy it", show=False),
        Binding("enter", "go", "Go to it", show=False),
    ]
    DEFAULT_CSS = """
    EarlierScreen {
        align: center middle;
        & > Container {
            width: 92%; max-width: 116; height: 88%; background: $background; border: round $warning;
            border-title-color: $warning; border-subtitle-color: $muted;
        }
        & Transcript { width: 1fr; height: 1fr; }
    }
    """

    def __init__(self, chat: ChatScreen, found: Sequence[tuple[str, Message]]) -> None:
        """`found`: answers, newest first, each with its conversation's id; at least one."""
        super().__init__()
        self._chat, self._found, self._place = chat, found, 0
        self._pane = Transcript(id="earlier")
        self._pane.can_focus = False

    def compose(self) -> ComposeResult:
        box = Container(self._pane)
        yield box

    def on_mount(self) -> None:
        self.call_after_refresh(self._show)

    def on_resize(self) -> None:
        box = self.query_one(Container)
        box.border_subtitle = Content(
            fitting("← → others · y copies · Enter goes to it · Esc closes", box.size.width - 6)
        )

    def _show(self) -> None:
        answer = self._found[self._place][1]
        when = describe.date_time(answer.created_at)
        title = f"Earlier answer {self._place + 1}/{len(self._found)}, not a new one: {when}, {answer.model or 'model'}"
        self.query_one(Container).border_title = Content(clean_line(title))
        self._pane.open([describe.item(answer)], at=answer.id)

    def action_turn(self, step: int) -> None:
        self._place = (self._place + step) % len(self._found)
        self._show()

    def action_page(self, step: int) -> None:
        self._pane.action_page(step)

    def action_copy(self) -> None:
        self._chat.copy(self._found[self._place][1].content, "earlier answer")

    def action_go(self) -> None:
        conversation_id, answer = self._found[self._place]
        self.dismiss(None)
        self._chat.post_message(ConversationChosen(conversation_id, answer.id))

    def on_transcript_copy_requested(self, event: told.CopyRequested) -> None:
        self._chat.copy(event.text, event.what)

    def on_transcript_link_activated(self, event: told.LinkActivated) -> None:
        from llmtui.tui.screens import link

        link.offer(self._chat, event.url)
