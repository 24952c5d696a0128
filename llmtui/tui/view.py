"""Lays a conversation and what happens in it onto the transcript, and the ways out of a failure below it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from llmtui.core.errors import BudgetExceeded
from llmtui.core.events import FinishReason
from llmtui.core.messages import Message, MessageState, Role
from llmtui.tui import describe
from llmtui.tui.actions.conversations import bill, load
from llmtui.tui.live import Phase
from llmtui.tui.widgets.transcript_item import Action

if TYPE_CHECKING:
    from llmtui.core.errors import LlmtuiError
    from llmtui.core.events import TurnResult
    from llmtui.tui.live import LiveTurn
    from llmtui.tui.screens.chat import ChatScreen
    from llmtui.tui.talk import Talk
    from llmtui.tui.widgets.transcript_item import Item
    from llmtui.tui.widgets.ways_out import WaysOut

ELSEWHERE = "Streaming in another window"
LOOK_S = 1.0
"""How often an answer that arrives in another window is looked at."""
RETRY_WAYS = (Action("Retry now /retry", "retry"), Action("Stop Esc", "interrupt"))
_STATES = {
    FinishReason.CANCELLED: MessageState.CANCELLED,
    FinishReason.TRUNCATED: MessageState.TRUNCATED,
    FinishReason.ERROR: MessageState.FAILED,
}


class View:
    """Everything here is synchronous: it is called from the sink of a turn."""

    def __init__(self, chat: ChatScreen) -> None:
        self._chat = chat
        self._transcript = chat.transcript
        self._ways_out: WaysOut | None = None

    # ------------------------------------------------------------------------------------------------ a conversation

    def show(self, talk: Talk, at: str | None = None) -> None:
        """Put a conversation on the screen, with what streams in it."""
        self.leave_failure()
        self._transcript.open([self._item(talk, message) for message in talk.messages], at=at)
        if talk.live is not None and talk.live.answer_id:
            self._show_live(talk.live)
        elif talk.live is None and _elsewhere(talk) is not None:
            self._chat.run_worker(self._watch(talk), group="elsewhere", exclusive=True)
        elif talk.messages and talk.messages[-1].error:
            self.offer("", describe.ways_out("", has_text=bool(talk.messages[-1].content)))

    def _item(self, talk: Talk, message: Message) -> Item:
        is_elsewhere = message is _elsewhere(talk)
        if message.state is MessageState.STREAMING and talk.live is None and not is_elsewhere:
            message = replace(message, state=MessageState.INTERRUPTED)
        lines = talk.figures.get(message.id) or describe.stored_metadata(message, talk.booked.get(message.id, ()))
        item = describe.item(message, lines=lines, sibling=talk.siblings.get(message.id, (1, 1)))
        return item._replace(notes=(ELSEWHERE,)) if is_elsewhere else item

    async def _watch(self, talk: Talk) -> None:
        """Follow an answer that another window's process is receiving, until it is whole."""
        library = self._chat.library
        while library is not None and self._chat.talk is talk and talk.live is None and (known := _elsewhere(talk)):
            await asyncio.sleep(LOOK_S)
            stored = await library.thread(talk.id or "")
            if self._chat.talk is not talk or talk.live is not None:
                return
            now = next((message for message in stored if message.id == known.id), None)
            if now is None or now.state is not MessageState.STREAMING:
                await load(self._chat, talk)
                self.show(talk)
                self._chat.refresh_status()
                return
            if len(now.content) > len(known.content) and known.id in self._transcript.model:
                self._transcript.append_text(known.id, now.content[len(known.content) :])
                talk.messages[talk.messages.index(known)] = now

    def replace(self, message: Message) -> None:
        """A message is marked otherwise."""
        self._transcript.update_message(message.id, excluded=message.excluded, pinned=message.pinned)

    # ------------------------------------------------------------------------------------------------ a turn

    def begin(self, talk: Talk, live: LiveTurn) -> None:
        """The question is stored: show it, and that an answer is awaited."""
        question = next((message for message in talk.messages if message.id == live.user_message_id), None)
        if question is None and live.question is not None:
            self._cut_after(talk, live.branch_parent)
            question = Message(
                Role.USER,
                live.question.text,
                id=live.user_message_id,
                parent_id=talk.messages[-1].id if talk.messages else None,
                attachments=live.question.attachments,
                created_at=int(time.time() * 1000),
            )
            talk.messages.append(question)
            self._transcript.add_message(describe.item(question))
        elif question is not None:
            self._cut_after(talk, question.id)
        self._show_live(live)

    def _cut_after(self, talk: Talk, message_id: str | Literal[False] | None) -> None:
        """What follows a message belongs to another branch now; None: everything, False: nothing."""
        if message_id is False:
            return
        ids = [message.id for message in talk.messages]
        keep = ids.index(message_id) + 1 if message_id in ids else 0
        for gone in talk.messages[keep:]:
            self._transcript.remove_message(gone.id)
        del talk.messages[keep:]

    def _show_live(self, live: LiveTurn) -> None:
        if live.answer_id not in self._transcript.model:
            self._transcript.begin_answer(
                live.answer_id, str(live.model or ""), time=describe.clock_time(int(time.time() * 1000))
            )
            if live.prefix:
                self._transcript.append_text(live.answer_id, live.prefix)
            if live.reasoning:
                self._transcript.append_reasoning(live.answer_id, "".join(live.reasoning))
            if live.text:
                self._transcript.append_text(live.answer_id, "".join(live.text))
        self.note(live)

    def feed(self, live: LiveTurn, text: str, reasoning: str) -> None:
        """More of the answer that is shown."""
        if reasoning:
            self._transcript.append_reasoning(live.answer_id, reasoning)
        if text:
            self._transcript.append_text(live.answer_id, text)

    def note(self, live: LiveTurn) -> None:
        """Say what is going on beside the text: notes, a wait with its countdown, stopping."""
        if live.answer_id not in self._transcript.model or live.phase is Phase.SETTLED:
            return
        said = live.words()
        self._transcript.set_status(live.answer_id, said)
        if live.notes or live.relabelled:
            self._transcript.update_message(live.answer_id, notes=tuple(live.notes), label=str(live.model or ""))
            live.relabelled = False
        if live.phase is Phase.RETRYING:
            self.offer("", RETRY_WAYS)
        else:
            self.leave_failure()

    def tick(self) -> None:
        """Time passed."""
        live = self._chat.talk.live
        if live is not None and live.phase is not Phase.STREAMING:
            self.note(live)

    def settle(self, live: LiveTurn, result: TurnResult) -> None:
        """The turn is over: its figures, and if it failed why, and the ways on."""
        if live.answer_id not in self._transcript.model:
            return
        ways = describe.ways_out(result.error.kind, has_text=bool(result.content)) if result.error else ()
        self._transcript.finish_answer(
            live.answer_id,
            _STATES.get(result.finish_reason, MessageState.COMPLETE),
            label=str(result.model),
            metadata=describe.metadata(result),
            notes=tuple(dict.fromkeys([*live.notes, *result.warnings])),
            error=result.error.sentence if result.error else "",
        )
        if result.error is not None:
            self.offer("", ways)
        else:
            self.leave_failure()

    async def ended(self, talk: Talk, live: LiveTurn) -> None:
        """The settled answer belongs to the conversation now; say which version it is, and bring the bill up to date."""
        result, library = live.result, self._chat.library
        if result is None or not live.answer_id:
            return
        talk.messages.append(_answer(live, result, talk))
        if result.usage is not None:
            talk.context_tokens = result.usage.total_tokens
        if library is not None:
            for message_id in (live.user_message_id, live.answer_id):
                ids = list(await library.siblings(message_id))
                if len(ids) > 1 and message_id in ids:
                    talk.siblings[message_id] = (ids.index(message_id) + 1, len(ids))
                    if self._chat.talk is talk and message_id in self._transcript.model:
                        self._transcript.update_message(message_id, sibling=talk.siblings[message_id])
            await bill(self._chat, talk)

    # ------------------------------------------------------------------------------------------------ failure

    def offer(self, sentence: str, actions: tuple[Action, ...]) -> None:
        """Show the ways out as buttons between transcript and prompt; what went wrong too, if no message says it."""
        from llmtui.tui.widgets.ways_out import WaysOut

        if self._ways_out is not None and self._ways_out.actions == actions:
            self._ways_out.say(sentence)
            return
        self.leave_failure()
        self._ways_out = WaysOut(sentence, actions)
        self._chat.mount(self._ways_out, before=self._chat.prompt)

    def refuse(self, error: LlmtuiError, *, has_context: bool) -> None:
        """Nothing was sent: say why in full, and how it can be sent all the same."""
        from llmtui.tui.widgets.ways_out import WaysOut

        self.leave_failure()
        ways = (
            describe.ways_out_of_budget(error, has_context=has_context)
            if isinstance(error, BudgetExceeded)
            else describe.ways_out(error.kind, has_text=False)
        )
        self._chat.budgets.refused = error if isinstance(error, BudgetExceeded) else None
        self._ways_out = WaysOut(error.sentence, ways, anew=lambda: error.sentence)
        self._chat.mount(self._ways_out, before=self._chat.prompt)

    def leave_failure(self) -> None:
        """Take the buttons away."""
        ways_out, self._ways_out = self._ways_out, None
        self._chat.budgets.refused = None
        if ways_out is not None:
            if ways_out.has_focus_within:
                self._chat.focus_prompt()
            ways_out.remove()


def _elsewhere(talk: Talk) -> Message | None:
    """The newest message, if it is an answer that another process is receiving: ours have a live turn."""
    newest = talk.messages[-1] if talk.messages else None
    return newest if newest is not None and newest.state is MessageState.STREAMING and talk.live is None else None


def _answer(live: LiveTurn, result: TurnResult, talk: Talk) -> Message:
    """The answer as it is stored."""
    return Message(
        Role.ASSISTANT,
        live.prefix + result.content,
        id=live.answer_id,
        parent_id=live.user_message_id or (talk.messages[-1].id if talk.messages else None),
        reasoning=result.reasoning,
        model=result.model,
        state=_STATES.get(result.finish_reason, MessageState.COMPLETE),
        finish_reason=str(result.finish_reason),
        created_at=int(time.time() * 1000),
        error=result.error.sentence if result.error else None,
    )
