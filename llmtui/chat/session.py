"""The session: what front ends and the library drive. It knows the providers, the store and the config; it has no screen.

A session composes a turn (who is asked, with which messages, within which limits) and hands it to `Turn`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from llmtui.chat.breaker import CircuitBreaker
from llmtui.chat.calibrate import calibrate
from llmtui.chat.control import TurnControl
from llmtui.chat.gate import Gate
from llmtui.chat.offers import Offers
from llmtui.chat.planner import LEAF, LeafOfConversation, Planner
from llmtui.chat.preview import preview
from llmtui.chat.recorder import AsideRecorder, ConversationRecorder, LedgerRecorder
from llmtui.chat.roster import CUSTOM
from llmtui.chat.turn import Turn
from llmtui.core.errors import ConfigError
from llmtui.core.messages import Message, MessageState, ModelRef, Role, new_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmtui.chat.compose import GuardQuestion
    from llmtui.chat.directory import Directory
    from llmtui.chat.gate import Confirm
    from llmtui.chat.lookups import Lookups
    from llmtui.chat.preview import Preview
    from llmtui.chat.recorder import Recorder
    from llmtui.chat.runtime import Runtime
    from llmtui.config import Config
    from llmtui.core.admission import ConfirmNeeded
    from llmtui.core.budget import Gauge
    from llmtui.core.events import Sink, TurnResult
    from llmtui.core.messages import Attachment
    from llmtui.core.options import Options
    from llmtui.core.request import GenerationSettings
    from llmtui.store.database import Store
    from llmtui.tokens.counts import Counts


class ChatSession(Offers):
    """Starts turns, one at a time or many; closes what it opened. Made by `llmtui.wiring`."""

    def __init__(
        self,
        *,
        config: Config,
        store: Store,
        directory: Directory,
        runtime: Runtime,
        counts: Counts,
        keep_text: bool = True,
        live_cost: bool = True,
    ) -> None:
        super().__init__(config, directory, runtime, counts)
        self.store = store
        self.lookups: Lookups | None = None
        """What asks providers about pending estimates; None: the next session that can does it."""
        self._breaker = CircuitBreaker(config.retry)
        self._keep_text = keep_text
        self.gate = Gate(config.budget, store, priced=live_cost)
        self.confirm: Confirm = _decline
        """Asked before a message that comes near a limit; front ends put their own way of asking here."""
        self._live_cost = live_cost
        self._planner = Planner(
            config, store, directory, runtime, self.gate, counts, keep_text=keep_text, live_cost=live_cost
        )
        self.default_model: ModelRef | None = None
        self.fallback: tuple[ModelRef, ...] = ()
        self._remembered: ModelRef | None = None

    def resume(self, options: Options) -> str | None:
        """The conversation that the options name, by id, prefix or as the newest; None for a new one.

        Raise ConfigError when there is none such. Blocks until the database is open.
        """
        if options.conversation:
            return self.store.conversations.resolve(options.conversation)
        if not options.continue_newest:
            return None
        newest = self.store.conversations.newest()
        if newest is None:
            raise ConfigError("there is no conversation to continue yet")
        return newest

    # ------------------------------------------------------------------------------------------ turns

    async def send(
        self,
        text: str,
        *,
        sink: Sink,
        conversation_id: str | None = None,
        parent_id: str | LeafOfConversation | None = LEAF,
        attachments: tuple[Attachment, ...] = (),
        model: ModelRef | None = None,
        settings: GenerationSettings | None = None,
        system: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        control: TurnControl | None = None,
    ) -> TurnResult:
        """Ask a question and stream the answer into the sink. Without a conversation a new one is begun.

        `parent_id` is the message the question follows: the newest one unless told otherwise, None for a new root.
        """
        new = conversation_id is None
        conversation = conversation_id or new_id()
        earlier: Sequence[Message] = ()
        kept_system = ""
        if not new:
            earlier, kept_system = await self._planner.past(conversation, parent_id)
        question = Message(
            role=Role.USER,
            content=text,
            id=new_id(),
            parent_id=earlier[-1].id if earlier else None,
            attachments=attachments,
            created_at=_now(),
        )
        return await self._run(
            conversation,
            earlier,
            question,
            sink=sink,
            model=model,
            settings=settings,
            system=kept_system if system is None else system,
            metadata=metadata,
            control=control,
            is_new=new,
        )

    async def regenerate(
        self,
        conversation_id: str,
        answer_id: str,
        *,
        sink: Sink,
        model: ModelRef | None = None,
        settings: GenerationSettings | None = None,
        control: TurnControl | None = None,
    ) -> TurnResult:
        """Answer the same question once more; the earlier answer stays as a sibling."""
        thread, system = await self._planner.past(conversation_id, answer_id)
        if not thread or thread[-1].role is not Role.ASSISTANT:
            raise ConfigError("there is no answer there to regenerate")
        return await self._run(
            conversation_id,
            thread[:-1],
            None,
            sink=sink,
            model=model,
            settings=settings,
            system=system,
            control=control,
        )

    async def continue_answer(
        self, conversation_id: str, answer_id: str, *, sink: Sink, control: TurnControl | None = None
    ) -> TurnResult:
        """Go on where a cut answer ended: a sibling that begins with the text so far, so that nothing is overwritten."""
        thread, system = await self._planner.past(conversation_id, answer_id)
        if not thread or thread[-1].role is not Role.ASSISTANT or not thread[-1].content:
            raise ConfigError("there is no answer there to continue")
        return await self._run(
            conversation_id,
            thread[:-1],
            None,
            sink=sink,
            model=thread[-1].model,
            system=system,
            control=control,
            cut=thread[-1],
        )

    async def ask_aside(
        self,
        messages: Sequence[Message],
        *,
        purpose: str,
        model: ModelRef,
        conversation_id: str,
        sink: Sink,
        settings: GenerationSettings | None = None,
        answer_id: str = "",
        control: TurnControl | None = None,
        confirm: Confirm | None = None,
    ) -> TurnResult:
        """A request beside the conversation (a summary, one of several models compared): booked on it, its text not kept.

        No other model stands in. `answer_id` is the message that the answer may become. The budget is asked as ever;
        `confirm` is asked near a limit in place of the session's own.
        """
        plan = await self._planner.plan_aside(
            messages,
            purpose=purpose,
            model=model,
            conversation_id=conversation_id,
            answer_id=answer_id,
            settings=settings,
            confirm=confirm or self.confirm,
        )
        turn = Turn(
            plan,
            runtime=self._runtime,
            recorder=AsideRecorder(self.store),
            sink=sink,
            control=control or TurnControl(),
            breaker=self._breaker,
        )
        try:
            return await turn.run()
        finally:
            self._look_up(turn)

    def _look_up(self, turn: Turn) -> None:
        """What of a turn is an estimate so far, the provider is asked about."""
        if self.lookups is not None:
            for pending in turn.pending:
                self.lookups.start(pending, self.directory)

    async def preview(self, text: str, options: Options, conversation_id: str | None = None) -> Preview:
        """What `send` would send, and whether it would be let through; nothing is sent, nothing is written."""
        earlier, kept_system = await self._planner.past(conversation_id, LEAF) if conversation_id else ((), "")
        question = Message(Role.USER, text, id=new_id(), attachments=options.attachments)
        plan = await self._planner.plan(
            conversation_id or new_id(),
            earlier,
            question,
            model=self._chosen(None),
            fallback=self.fallback,
            confirm=self.confirm,
            settings=options.settings,
            system=kept_system if options.system is None else options.system,
        )
        return await preview(plan, self._runtime, self.config.budget, self.store)

    async def _run(
        self,
        conversation_id: str,
        earlier: Sequence[Message],
        question: Message | None,
        *,
        sink: Sink,
        control: TurnControl | None = None,
        model: ModelRef | None = None,
        system: str | None = None,
        is_new: bool = False,
        **how: Any,
    ) -> TurnResult:
        plan = await self._planner.plan(
            conversation_id,
            earlier,
            question,
            model=self._chosen(model),
            fallback=self.fallback,
            confirm=self.confirm,
            system=system,
            **how,
        )
        answer = Message(
            role=Role.ASSISTANT,
            content=plan.prefix,
            id=plan.answer_message_id,
            parent_id=plan.user_message_id,
            model=plan.request.model,
            state=MessageState.STREAMING,
            created_at=_now(),
        )
        recorder: Recorder = (
            ConversationRecorder(
                self.store, conversation_id, question, answer, {"system": system} if system and is_new else None
            )
            if self._keep_text
            else LedgerRecorder(self.store)
        )
        turn = Turn(
            plan,
            runtime=self._runtime,
            recorder=recorder,
            sink=sink,
            control=control or TurnControl(),
            breaker=self._breaker,
        )
        try:
            result = await turn.run()
            if result.error is None:
                await self._remember(result.model)
                if calibrate(self.counts, plan, result):
                    await self._runtime.call(self.counts.keep)
            if not self._keep_text and question is not None and result.content:
                said = Message(Role.ASSISTANT, result.content, id=answer.id, parent_id=question.id, model=result.model)
                self._planner.keep(conversation_id, question, said)
            return result
        finally:
            self._look_up(turn)

    def _chosen(self, model: ModelRef | None) -> ModelRef:
        chosen = model or self.default_model
        if chosen is None:
            raise ConfigError(
                "no model is chosen", advice="Give one with -m PROVIDER/MODEL, or set `model` in the config."
            )
        return chosen

    async def _remember(self, model: ModelRef) -> None:
        """The model used last is the next start's default, where nothing else is chosen."""
        if model == self._remembered or model.provider in (CUSTOM, "demo"):
            return
        from llmtui.config.state import remember

        self._remembered = model
        await self._runtime.call(lambda: remember(self.directory.paths.state_file, model=str(model)))

    async def gauges(self, conversation_id: str = "") -> tuple[Gauge, ...]:
        """How full each limit of the budget is now; empty without limits."""
        return await self.gate.gauges(self._runtime, conversation_id)

    async def close(self) -> None:
        if self.lookups:
            await self.lookups.close()
        await self.counts.close()
        await self._runtime.transport.close()


async def _decline(question: ConfirmNeeded | GuardQuestion) -> bool:
    """Where nobody can be asked: near a limit it goes on (the sentence is a warning); without a price, or where the
    guard has found something, it does not."""
    return question.reason == "near"


def _now() -> int:
    return int(time.time() * 1000)
