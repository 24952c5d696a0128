"""The session: what front ends and the library drive. It knows the providers, the store and the config; it has no screen.

A session composes a turn (who is asked, with which messages, within which limits) and hands it to `Turn`.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.chat.breaker import CircuitBreaker
from llmtui.chat.compose import compose, uncalibrated
from llmtui.chat.control import TurnControl
from llmtui.chat.gate import Admission, Gate
from llmtui.chat.plan import TurnPlan
from llmtui.chat.planner import LEAF, LeafOfConversation, Planner
from llmtui.chat.recorder import AsideRecorder, ConversationRecorder, LedgerRecorder
from llmtui.chat.roster import CUSTOM
from llmtui.chat.turn import Turn
from llmtui.core.errors import ConfigError, LlmtuiError, StoreError
from llmtui.core.messages import Message, MessageState, ModelRef, Role, new_id
from llmtui.core.request import ChatRequest, GenerationSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmtui.chat.candidate import Endpoint
    from llmtui.chat.compose import GuardQuestion
    from llmtui.chat.directory import Directory
    from llmtui.chat.gate import Confirm
    from llmtui.chat.lookups import Lookups
    from llmtui.chat.recorder import Recorder
    from llmtui.chat.roster import ProviderStatus
    from llmtui.chat.runtime import Runtime
    from llmtui.config import Config
    from llmtui.core.admission import ConfirmNeeded
    from llmtui.core.budget import Gauge
    from llmtui.core.events import Sink, TurnResult
    from llmtui.core.messages import Attachment
    from llmtui.core.options import Options
    from llmtui.providers.base import ModelInfo
    from llmtui.store.database import Store
    from llmtui.tokens.counts import Counts


TELLING_TOKENS = 100
"""Of a smaller request what the provider adds by itself would be taken for the text's."""


class Preview(NamedTuple):
    """What would be sent."""

    request: ChatRequest
    input_tokens: int
    """Estimated."""
    admission: Admission
    notes: tuple[str, ...]
    error: LlmtuiError | None
    """Why it would have been refused."""
    is_priced: bool = False
    """The highest possible cost is known."""


class ChatSession:
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
        self.config = config
        self.store = store
        self.directory = directory
        self._runtime = runtime
        self.counts = counts
        """What texts count for a model."""
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
        self.list_errors: Mapping[str, LlmtuiError] = {}
        """What kept a provider from listing its models, the last time they were asked."""

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
        wanted = self._planner.settings(settings)
        composed = await compose(
            self.config,
            self.directory,
            self._runtime,
            model,
            messages,
            counts=self.counts,
            asked_output=wanted.max_output_tokens,
        )
        plan = TurnPlan(
            request=ChatRequest(model, composed.messages, wanted, conversation_id),
            chain=[self.directory.candidate(model)],
            timeouts=self.config.timeouts,
            retry=self.config.retry,
            conversation_id=conversation_id,
            user_message_id=messages[-1].id,
            answer_message_id=answer_id,
            input_tokens=composed.input_tokens,
            exact_for=model if composed.exact else None,
            warnings=composed.notes,
            gate=self.gate,
            confirm=confirm or self.confirm,
            purpose=purpose,
            live_cost=self._live_cost,
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
        error: LlmtuiError | None = None
        priced = False
        admission, notes = Admission(plan.request.settings.max_output_tokens), tuple[str, ...]()
        try:
            endpoint = await self._runtime.call(plan.chain[0].resolve)
            notes = endpoint.adapter.chat(plan.request, endpoint.target).notes
            priced = endpoint.price(plan.input_tokens) is not None
            for store in (None, self.store):  # without limits first: what a refused request would cost is told too
                admission = await Gate(self.config.budget, store, priced=True).admit(
                    self._runtime,
                    endpoint,
                    plan.request,
                    input_tokens=plan.input_tokens,
                    conversation_id=plan.conversation_id,
                    confirm=self.confirm,
                    exact=plan.exact_for == plan.chain[0].ref,
                )
        except LlmtuiError as failure:
            error = failure
        return Preview(plan.request, plan.input_tokens, admission, notes, error, priced)

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
                await self._calibrate(plan, result)
            if not self._keep_text and question is not None and result.content:
                said = Message(Role.ASSISTANT, result.content, id=answer.id, parent_id=question.id, model=result.model)
                self._planner.keep(conversation_id, question, said)
            return result
        finally:
            self._look_up(turn)

    async def _calibrate(self, plan: TurnPlan, result: TurnResult) -> None:
        """Learn from what the provider counted, where that can be compared with an estimate."""
        usage = result.usage
        if plan.exact_for is not None or usage is None or usage.source != "provider" or result.model.provider == "demo":
            return
        estimated = uncalibrated(plan.request.messages)
        if (
            estimated is not None
            and estimated >= TELLING_TOKENS
            and self.counts.observe(result.model.provider, estimated, usage.input_tokens)
        ):
            await self._runtime.call(self.counts.keep)

    async def prepare_counting(self, model: ModelRef) -> bool:
        """Have the model's tokenizer ready, with its vocabulary from the network where it is not there yet. Nothing
        waits for it; True when counts are exact from now on."""
        from llmtui.chat.download import download

        transport = self._runtime.transport
        return await self.counts.prepare(model, lambda url, most: download(transport, url, most))

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

    # ------------------------------------------------------------------------------------------ providers

    async def list_models(
        self, provider: str | None = None, *, refresh: bool = False
    ) -> list[tuple[ModelRef, ModelInfo]]:
        """What the providers that can be asked offer; lists are cached for a day unless `refresh`."""
        from llmtui.chat.model_lists import list_all

        names = [provider] if provider else await self._runtime.call(self.directory.listable)
        targets = [await self._runtime.call(lambda name=name: self.directory.target(name)) for name in names]  # type: ignore[misc]
        found, failed = await list_all(
            self.directory.lists, targets, self._runtime.transport, refresh=refresh, at_once=self._runtime.has_loop
        )
        self.list_errors = failed
        return [(ModelRef(name, model.name), model) for name in names for model in found[name]]

    async def find_local(self) -> list[ModelRef]:
        """The models of the servers on this machine that answer now; from here on they are listed without being asked."""
        from llmtui.chat.model_lists import local_models

        directory = self.directory
        names = directory.local_servers()
        targets = []
        for name in names:
            with suppress(LlmtuiError):  # a key that it is told to have and cannot: said when it is asked
                targets.append(await self._runtime.call(lambda name=name: directory.target(name)))  # type: ignore[misc]
        found = await local_models(directory.lists, targets, self._runtime.transport, at_once=self._runtime.has_loop)
        order = {name: place for place, name in enumerate(names)}
        return [ModelRef(*each) for each in sorted(found, key=lambda each: order[each[0]])]

    async def refresh_prices(self) -> None:
        """Bring the price table up to date. Raise LlmtuiError where that fails; the one from before stays in use."""
        from llmtui.chat.download import refresh_prices

        try:
            await refresh_prices(self._runtime.transport, self.directory.paths.cache)
        except OSError as error:
            raise StoreError(f"newer prices cannot be kept: {error.strerror}") from None
        self.directory.forget_prices()

    async def probe(self, provider: str) -> None:
        """Ask the provider something that costs nothing. Raise LlmtuiError while it does not answer as it should."""
        from llmtui.chat.key_check import check_key

        target = await self._runtime.call(lambda: self.directory.target(provider))
        await check_key(target, self._runtime.transport)

    def providers(self) -> list[ProviderStatus]:
        """Every provider that is known, with where its key comes from."""
        return self.directory.statuses()

    async def gauges(self, conversation_id: str = "") -> tuple[Gauge, ...]:
        """How full each limit of the budget is now; empty without limits."""
        return await self.gate.gauges(self._runtime, conversation_id)

    async def warm(self, model: ModelRef) -> None:
        """Find the model's key and open a connection, so that nothing has to be looked up when the question comes."""
        candidate = self.directory.candidate(model)
        endpoint = await self._runtime.call(candidate.resolve)
        await self._runtime.call(lambda: _load_early(self.config, endpoint))
        await self._runtime.transport.warm(endpoint.target)

    async def close(self) -> None:
        if self.lookups:
            await self.lookups.close()
        await self.counts.close()
        await self._runtime.transport.close()


async def _decline(question: ConfirmNeeded | GuardQuestion) -> bool:
    """Where nobody can be asked: near a limit it goes on (the sentence is a warning); without a price, or where the
    guard has found something, it does not."""
    return question.reason == "near"


def _load_early(config: Config, endpoint: Endpoint) -> None:
    """Import and read now what a first question would wait for."""
    from llmtui.core import admission, budget, context  # noqa: F401
    from llmtui.core.guard import Guard
    from llmtui.pricing import limits  # noqa: F401

    Guard(config.guard.mode, config.guard.max_chars, config.guard.patterns).inspect("warm up")
    endpoint.price(0)
    endpoint.window()


def _now() -> int:
    return int(time.time() * 1000)
