"""Runs the turns of all open conversations: hands questions to the session and lays what comes back onto the screen."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from llmtui.core.errors import BudgetExceeded, InputRefused, LlmtuiError
from llmtui.core.events import ChunkArrived, FinishReason, TurnSettled, TurnStarted
from llmtui.store.turns import title_from
from llmtui.tui.describe import metadata
from llmtui.tui.live import LiveTurn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from llmtui.chat.control import TurnControl
    from llmtui.chat.session import ChatSession
    from llmtui.core.events import Sink, TurnEvent, TurnResult
    from llmtui.core.messages import Message, ModelRef
    from llmtui.core.request import GenerationSettings
    from llmtui.tui.screens.chat import ChatScreen
    from llmtui.tui.talk import Question, Talk

    Start = Callable[[ChatSession, Sink], Awaitable[TurnResult]]

_STOPPED = {FinishReason.CANCELLED, FinishReason.ERROR}


class Turns:
    """One turn at a time in a conversation, any number of conversations at a time."""

    def __init__(self, chat: ChatScreen) -> None:
        self._chat = chat
        self._running: dict[asyncio.Task[None], Talk] = {}
        self._asides: dict[asyncio.Task[Any], TurnControl] = {}
        self.unreachable = ""
        """The provider that could not be connected to, the last time a question went there."""

    @property
    def talks(self) -> list[Talk]:
        """The conversations in which something is under way."""
        return list(self._running.values())

    @property
    def is_busy(self) -> bool:
        return any(talk.live is not None for talk in self._running.values())

    def find(self, conversation_id: str) -> Talk | None:
        """The conversation of this id, if something is under way in it."""
        return next((talk for talk in self._running.values() if talk.id == conversation_id), None)

    # ------------------------------------------------------------------------------------------------ beginning

    def ask(self, talk: Talk, question: Question) -> None:
        """Send a question. It waits while an answer streams, and until the session is open."""
        if talk.live is not None or self._chat.session is None or self._chat.current_model is None:
            talk.queue.append(question)
            return
        edited, talk.editing = talk.editing, None
        parent: str | Literal[False] | None = False
        if edited is not None and (old := next((each for each in talk.messages if each.id == edited), None)):
            parent = old.parent_id
        talk.title = talk.title or title_from(question.text or "Attachments")
        live = LiveTurn(self._chat.current_model, question=question, branch_parent=parent, edited=edited)
        branch: dict[str, Any] = {} if parent is False else {"parent_id": parent}
        self._begin(
            talk,
            live,
            lambda session, sink: session.send(
                question.text,
                sink=sink,
                conversation_id=talk.id,
                attachments=question.attachments,
                model=talk.model,
                settings=talk.settings,
                system=talk.system,
                control=live.control,
                **branch,
            ),
        )

    def regenerate(
        self, talk: Talk, answer_id: str, model: ModelRef | None = None, settings: GenerationSettings | None = None
    ) -> None:
        """Answer the same question once more."""
        live = LiveTurn(model or self._chat.current_model)
        self._begin(
            talk,
            live,
            lambda session, sink: session.regenerate(
                talk.id or "",
                answer_id,
                sink=sink,
                model=model or talk.model,
                settings=settings or talk.settings,
                control=live.control,
            ),
        )

    def continue_answer(self, talk: Talk, answer: Message) -> None:
        """Go on where a cut answer ended."""
        live = LiveTurn(answer.model, prefix=answer.content)
        self._begin(
            talk,
            live,
            lambda session, sink: session.continue_answer(talk.id or "", answer.id, sink=sink, control=live.control),
        )

    def flush(self, talk: Talk) -> None:
        """Send the first of what waited, if it can go now."""
        if talk.queue and talk.live is None and self._chat.session is not None and self._chat.current_model is not None:
            self.ask(talk, talk.queue.pop(0))

    # ------------------------------------------------------------------------------------------------ steering

    def stop(self, talk: Talk) -> None:
        """Stop the answer; what has arrived stays."""
        if talk.live is not None:
            talk.live.stop()
            if talk is self._chat.talk:
                self._chat.view.note(talk.live)
            self._chat.refresh_status()

    def retry_now(self, talk: Talk) -> None:
        """Cut the wait for a retry short."""
        if talk.live is not None:
            talk.live.control.retry_now()

    async def settle_all(self, timeout_s: float) -> None:
        """Stop everything that streams and wait until its bill is written."""
        for talk in self._running.values():
            talk.queue.clear()
            if talk.live is not None:
                talk.live.stop()
        for control in self._asides.values():
            control.cancel()
        if under_way := [*self._running, *self._asides]:
            await asyncio.wait(under_way, timeout=timeout_s)

    @contextmanager
    def aside(self, control: TurnControl) -> Iterator[None]:
        """A request beside a conversation is under way in this task: leaving stops it and waits for its bill."""
        task = asyncio.current_task()
        assert task is not None
        self._asides[task] = control
        try:
            yield
        finally:
            del self._asides[task]

    # ------------------------------------------------------------------------------------------------ under way

    def _begin(self, talk: Talk, live: LiveTurn, start: Start) -> None:
        session = self._chat.session
        if session is None or talk.live is not None:
            return
        live.before = (talk.id, talk.messages[:])
        talk.live = live
        task = asyncio.create_task(self._drive(talk, live, start(session, partial(self._take, talk, live))))
        self._running[task] = talk
        task.add_done_callback(self._ended)
        self._chat.turn_began()

    async def _drive(self, talk: Talk, live: LiveTurn, turn: Awaitable[TurnResult]) -> None:
        refusal: LlmtuiError | None = None
        try:
            await turn
        except LlmtuiError as error:
            refusal = error
        finally:
            talk.live = None
        result = live.result
        if not live.answer_id or (result is not None and await self._is_unsent(live, result)):
            self._refused(talk, live, refusal or (result.error if result else None))
        elif talk.queue and (result is None or result.finish_reason in _STOPPED):
            self._chat.give_back(talk, talk.queue[:])
            talk.queue.clear()
        try:
            await self._chat.turn_ended(talk, live)
        finally:
            self.flush(talk)

    async def _is_unsent(self, live: LiveTurn, result: TurnResult) -> bool:
        """Whether the turn was refused before anything went out: then nothing of it is stored."""
        if not isinstance(result.error, BudgetExceeded | InputRefused) or self._chat.library is None:
            return False
        try:
            return not await self._chat.library.siblings(live.answer_id)
        except LlmtuiError:  # the database cannot be read any more
            return not result.attempts

    def _refused(self, talk: Talk, live: LiveTurn, error: LlmtuiError | None) -> None:
        """Nothing was sent: the question goes back into the prompt, and what waited behind it too."""
        waiting = [live.question] if live.question is not None else []
        talk.editing = live.edited
        if live.answer_id:
            talk.id, talk.messages = live.before
            talk.figures.pop(live.answer_id, None)
            talk.results.pop(live.answer_id, None)
            live.answer_id = ""
            if talk is self._chat.talk:
                self._chat.view.show(talk)
        self._chat.give_back(talk, [*waiting, *talk.queue])
        talk.queue.clear()
        if talk.id is None:
            talk.title = ""  # it has not begun
        if error is not None and talk is self._chat.talk:
            self._chat.view.refuse(error, has_context=bool(talk.messages))
        elif error is not None:
            self._chat.say(f"{talk.title}: {error.sentence}", severity="error")

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._chat.chat_app.fail(error)

    # ------------------------------------------------------------------------------------------------ events

    def _take(self, talk: Talk, live: LiveTurn, event: TurnEvent) -> None:
        """The turn's sink: synchronous and quick."""
        before = live.phase
        live.take(event)
        shown = self._chat.talk is talk
        match event:
            case ChunkArrived(chunk):
                if before is not live.phase:
                    self._chat.reload_list()  # by now it is stored
                if shown and live.answer_id:
                    self._chat.view.feed(live, chunk.content, chunk.reasoning or "")
            case TurnStarted():
                talk.id = event.conversation_id
                if shown:
                    self._chat.view.begin(talk, live)
                self._chat.refresh_status()
            case TurnSettled(result):
                is_away = result.error is not None and result.error.kind == "connection"
                self.unreachable = result.model.provider if is_away else ""
                talk.figures[live.answer_id] = metadata(result)
                talk.results[live.answer_id] = result
                if shown:
                    self._chat.view.settle(live, result)
            case _:
                if shown:
                    self._chat.view.note(live)
                self._chat.refresh_status()
