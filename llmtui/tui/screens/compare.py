"""Compare: one question to several models at once, side by side; one answer is kept, or none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import ModalScreen

from llmtui.chat.compare import Comparison, can_be_kept
from llmtui.core.errors import LlmtuiError
from llmtui.core.events import ChunkArrived, FinishReason, Noted, RetryScheduled
from llmtui.core.messages import MessageState, new_id
from llmtui.core.sanitize import clean_line
from llmtui.tui import describe
from llmtui.tui.screens.picker import fitting
from llmtui.tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from llmtui.chat.control import TurnControl
    from llmtui.core.events import TurnEvent, TurnResult
    from llmtui.core.messages import Attachment, ModelRef
    from llmtui.tui.screens.chat import ChatScreen
    from llmtui.tui.widgets import transcript_events as told


def begin(chat: ChatScreen, models: Sequence[ModelRef]) -> None:
    """Send what stands in the prompt to these models; it stays there until an answer is kept."""
    text, attachments = chat.prompt.content()
    if chat.talk.live is not None:
        chat.say("An answer is still coming; Esc stops it")
    elif not text.strip():
        chat.say("Write the question into the prompt first", severity="warning")
    else:
        chat.app.push_screen(CompareScreen(chat, text, attachments, models))


class Column:
    """One model's answer."""

    def __init__(self, model: ModelRef, number: int) -> None:
        from llmtui.chat.control import TurnControl

        self.model = model
        self.answer_id = new_id()
        self.control: TurnControl = TurnControl()
        self.result: TurnResult | None = None
        self.pane = Transcript(id=f"answer-{number}")
        self.pane.can_focus = False  # keys are about the comparison as a whole
        self.box = Container(self.pane, classes="column")
        self.is_over = False

    def take(self, event: TurnEvent) -> None:
        """The turn's sink."""
        match event:
            case ChunkArrived(chunk):
                if chunk.reasoning:
                    self.pane.append_reasoning(self.answer_id, chunk.reasoning)
                if chunk.content:
                    self.pane.append_text(self.answer_id, chunk.content)
            case RetryScheduled():
                self.pane.set_status(self.answer_id, f"waits {event.wait_s:.0f} s: {event.error.message}")
            case Noted(text):
                self.pane.update_message(self.answer_id, notes=(text,))
            case _:
                pass

    def finish(self, result: TurnResult | None, error: LlmtuiError | None) -> None:
        """The turn is settled, or was refused before anything was sent."""
        self.result, self.is_over = result, True
        failure = error or (result.error if result else None)
        state = MessageState.FAILED if failure else MessageState.COMPLETE
        if result is not None and result.finish_reason is FinishReason.CANCELLED:
            state = MessageState.CANCELLED
        self.pane.finish_answer(
            self.answer_id,
            state,
            metadata=describe.compared(result) if result else (),
            error=failure.sentence if failure else "",
        )

    @property
    def can_be_kept(self) -> bool:
        return can_be_kept(self.result)


class CompareScreen(ModalScreen[None]):
    """Esc stops everything and settles it; once more closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop_or_close", "Stop, then close", show=False),
        Binding("right,tab,down,l", "choose(1)", "Next answer", show=False),
        Binding("left,shift+tab,up,h", "choose(-1)", "Previous answer", show=False),
        *(Binding(str(number), f"pick({number - 1})", f"Answer {number}", show=False) for number in range(1, 5)),
        Binding("enter", "keep", "Keep this answer", show=False),
        Binding("y", "copy", "Copy this answer", show=False),
        Binding("pageup", "page(-1)", "Scroll up", show=False),
        Binding("pagedown", "page(1)", "Scroll down", show=False),
    ]
    DEFAULT_CSS = """
    CompareScreen {
        background: $background;
        & #columns { layout: horizontal; height: 1fr; width: 1fr; }
        & .column { width: 1fr; height: 1fr; border: round $muted; border-title-color: $muted; border-subtitle-color: $muted; }
        & .column.-chosen { border: heavy $accent; border-title-color: $accent; }
        & Transcript { width: 1fr; height: 1fr; }
    }
    CompareScreen.-narrow #columns, CompareScreen.-medium #columns { layout: vertical; }
    """

    def __init__(
        self, chat: ChatScreen, text: str, attachments: Sequence[Attachment], models: Sequence[ModelRef]
    ) -> None:
        super().__init__()
        self._chat, talk = chat, chat.talk
        self._comparison = Comparison(
            text,
            conversation_id=talk.id,
            branch=talk.messages,
            system=talk.system,
            settings=talk.settings,
            attachments=attachments,
        )
        self.columns = [Column(model, number) for number, model in enumerate(models, 1)]
        self.chosen = 0

    def compose(self) -> ComposeResult:
        for number, column in enumerate(self.columns, 1):
            column.box.border_title = Content(f"{number} {clean_line(str(column.model))}")
        yield Container(*(column.box for column in self.columns), id="columns")

    def on_mount(self) -> None:
        self._mark()
        for column in self.columns:
            column.pane.begin_answer(column.answer_id, str(column.model))
        self.run_worker(self._run, group="compare")  # type: ignore[arg-type]  # not yet a coroutine: it may be closed at once

    def on_resize(self) -> None:
        self.call_after_refresh(self._mark)

    @property
    def is_busy(self) -> bool:
        return not all(column.is_over for column in self.columns)

    # ------------------------------------------------------------------------------------------------ asking

    async def _run(self) -> None:
        session = self._chat.session
        assert session is not None
        try:
            await self._comparison.look(session)
        except LlmtuiError as error:
            for column in self.columns:
                column.finish(None, error)
            return
        await asyncio.gather(*(self._ask(column) for column in self.columns))
        await self._chat.budgets.refresh()
        self._mark()

    async def _ask(self, column: Column) -> None:
        session = self._chat.session
        assert session is not None
        try:
            with self._chat.turns.aside(column.control):
                result = await self._comparison.ask(
                    session, column.model, answer_id=column.answer_id, sink=column.take, control=column.control
                )
        except LlmtuiError as error:
            column.finish(None, error)
        else:
            column.finish(result, None)
        self._mark()

    # ------------------------------------------------------------------------------------------------ keys

    def _mark(self) -> None:
        """Show which answer the keys are about, and what they do."""
        for number, column in enumerate(self.columns):
            column.box.set_class(number == self.chosen, "-chosen")
            column.box.border_subtitle = Content("")
        hint = "Esc stops all" if self.is_busy else "Enter keeps · 1–4 ← → · y copies · Esc closes"
        box = self.columns[self.chosen].box
        box.border_subtitle = Content(fitting(hint, box.size.width - 6))

    def action_choose(self, step: int) -> None:
        self.action_pick((self.chosen + step) % len(self.columns))

    def action_pick(self, place: int) -> None:
        if place < len(self.columns):
            self.chosen = place
            self._mark()

    def action_page(self, step: int) -> None:
        self.columns[self.chosen].pane.action_page(step)

    def action_copy(self) -> None:
        column = self.columns[self.chosen]
        self._chat.copy(column.pane.message_source(column.answer_id), f"answer of {column.model}")

    def action_stop_or_close(self) -> None:
        if not self.is_busy:
            self.dismiss(None)
            return
        for column in self.columns:
            if not column.is_over:
                column.pane.set_status(column.answer_id, "stopping")
                column.control.cancel()

    async def action_keep(self) -> None:
        """Store question and answer in the conversation, and go back to it."""
        column, chat = self.columns[self.chosen], self._chat
        options, result = chat.chat_app.options, column.result
        if self.is_busy:
            chat.say("Answers are still coming; Esc stops them")
        elif result is None or not column.can_be_kept:
            chat.say("This answer cannot be kept", severity="warning")
        elif not (options.keep_text and chat.chat_app.config.storage.keep_text) or chat.session is None:
            chat.say("Conversations are not kept here; y copies the answer", severity="warning")
        else:
            await self._keep(column, result)

    async def _keep(self, column: Column, result: TurnResult) -> None:
        from llmtui.tui.actions.conversations import open_by_id

        chat = self._chat
        assert chat.session is not None
        try:
            await asyncio.wrap_future(self._comparison.keep(chat.session, column.answer_id, result))
        except LlmtuiError as error:
            chat.say(error.sentence, severity="error")
            return
        self.dismiss(None)
        chat.drafts.sent(self._comparison.question.content)
        chat.prompt.clear()
        await open_by_id(chat, self._comparison.conversation_id)
        chat.say(f"Kept the answer of {column.model}")

    # ------------------------------------------------------------------------------------------------ the mouse

    def on_transcript_copy_requested(self, event: told.CopyRequested) -> None:
        self._chat.copy(event.text, event.what)

    def on_transcript_link_activated(self, event: told.LinkActivated) -> None:
        from llmtui.tui.screens import link

        link.offer(self._chat, event.url)
