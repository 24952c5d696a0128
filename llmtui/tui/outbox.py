"""Questions that wait for their provider to be back: asked again, at no cost, whether it is, while the program is open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from llmtui.chat.queueing import PROBE_S, failed_answer
from llmtui.chat.queueing import queued as queued_question
from llmtui.core.errors import LlmtuiError
from llmtui.core.messages import ModelRef, Role
from llmtui.tui.talk import Talk

if TYPE_CHECKING:
    from textual.timer import Timer

    from llmtui.chat.session import ChatSession
    from llmtui.store.records import QueuedQuestion
    from llmtui.tui.screens.chat import ChatScreen


class Outbox:
    """What waits is stored; what was agreed to in this session is sent without asking again."""

    def __init__(self, chat: ChatScreen, *, every_s: float = PROBE_S) -> None:
        self._chat = chat
        self._every_s = every_s
        self._agreed: dict[str, QueuedQuestion] = {}
        self._timer: Timer | None = None

    def waits(self, talk: Talk) -> bool:
        """Whether a question of this conversation waits for its provider."""
        return any(each.conversation_id == talk.id for each in self._agreed.values())

    async def toggle(self) -> None:
        """Queue the last question, whose answer failed; a second time takes it out again."""
        chat, talk = self._chat, self._chat.talk
        question = next((each for each in reversed(talk.messages) if each.role is Role.USER), None)
        session, model = chat.session, chat.current_model
        if session is None or question is None or talk.id is None or model is None:
            chat.say("There is nothing to queue yet")
            return
        queued = next((each for each in self._agreed.values() if each.message_id == question.id), None)
        if queued is not None:
            await self._take_out(session, queued)
            chat.say("Taken out of the queue")
        elif talk.live is not None or failed_answer(talk.messages) is None:
            chat.say("Only a question whose answer failed can be queued")
        else:
            queued = queued_question(talk.id, question.id, model)
            await asyncio.wrap_future(session.store.outbox.add(queued))
            self._agree([queued])
            chat.say(f"Queued: sent when {model.provider} is back, while llmtui is open. /queue takes it out")

    async def ask_at_start(self) -> None:
        """What waits from before is sent only after a yes; a no drops it."""
        session = self._chat.session
        if session is None:
            return
        waiting = await asyncio.to_thread(session.store.outbox.waiting)
        if not waiting:
            return
        from llmtui.tui.screens.confirm import Confirm

        many = "1 question waits" if len(waiting) == 1 else f"{len(waiting)} questions wait"
        sentence = f"{many} from before for the provider to be back. Send when it is?"

        async def drop() -> None:
            for each in waiting:
                await self._take_out(session, each)

        def answered(yes: bool | None) -> None:  # noqa: FBT001 - a screen's callback
            if yes:
                self._agree(waiting)
            else:
                self._chat.run_worker(drop, group="outbox")  # type: ignore[arg-type]  # a coroutine function

        self._chat.app.push_screen(Confirm(sentence, yes="Send then", no="Drop"), answered)

    def _agree(self, questions: list[QueuedQuestion]) -> None:
        self._agreed |= {each.id: each for each in questions}
        if self._timer is None:
            self._timer = self._chat.set_interval(self._every_s, self.probe)

    async def _take_out(self, session: ChatSession, queued: QueuedQuestion) -> bool:
        self._agreed.pop(queued.id, None)
        if not self._agreed and self._timer is not None:
            self._timer.stop()
            self._timer = None
        return await asyncio.wrap_future(session.store.outbox.remove(queued.id))

    # ------------------------------------------------------------------------------------------------ sending

    def probe(self) -> None:
        """Ask the providers of what waits, in the background."""
        self._chat.run_worker(self._probe, group="outbox", exclusive=True)  # type: ignore[arg-type]  # a coroutine function

    async def _probe(self) -> None:
        session = self._chat.session
        if session is None:
            return
        away: set[str] = set()
        for queued in list(self._agreed.values()):
            model = ModelRef.parse(queued.model)
            if model.provider in away:
                continue
            try:
                await session.probe(model.provider)
            except LlmtuiError:
                away.add(model.provider)
                continue
            if await self._take_out(session, queued):  # else another window sends it
                await self._send(queued, model)

    async def _send(self, queued: QueuedQuestion, model: ModelRef) -> None:
        """Answer it as if it were asked for again: the budget is checked as ever."""
        from llmtui.tui.actions.conversations import load

        chat = self._chat
        talk = chat.talk if chat.talk.id == queued.conversation_id else chat.turns.find(queued.conversation_id)
        if talk is None:
            talk = Talk(id=queued.conversation_id)
            await load(chat, talk)
        failed = failed_answer(talk.messages)
        if talk.live is not None or failed is None or failed.parent_id != queued.message_id:
            chat.say(f"{talk.title}: what was queued has been answered, or is no longer shown")
            return
        chat.say(f"{model.provider} is back: the queued question is sent")
        chat.turns.regenerate(talk, failed.id, model)
