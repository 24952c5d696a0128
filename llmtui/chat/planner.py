"""What a question becomes before it is asked: which messages go, to which models, with which settings.

Guard, router, context plan and the config's defaults meet here; the result is a `TurnPlan`, and nothing has been sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.chat.compose import AUTO, Composed, choose_by_router, compose, look
from llmtui.chat.plan import TurnPlan
from llmtui.core.errors import ConfigError, ContextTooLong
from llmtui.core.messages import Message, ModelRef, Role, new_id
from llmtui.core.request import ChatRequest, GenerationSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmtui.chat.directory import Directory
    from llmtui.chat.gate import Confirm, Gate
    from llmtui.chat.runtime import Runtime
    from llmtui.config import Config
    from llmtui.core.context import Summary
    from llmtui.store.database import Store
    from llmtui.tokens.counts import Counts

CONTINUE = "Continue exactly where your last message ended, without repeating any of it."
"""Sent after a cut answer: providers that refuse to go on from an assistant's message still understand it."""


KEPT_BY_SUMMARY = 4
"""A summary never stands for the newest so many messages: a conversation that is no longer has none."""


class LeafOfConversation:
    """Stands for "after the newest message shown" where a parent may be given."""


LEAF = LeafOfConversation()


class Past(NamedTuple):
    """What a conversation holds so far."""

    messages: Sequence[Message] = ()
    system: str = ""


class Planner:
    """Makes plans for one session."""

    def __init__(
        self,
        config: Config,
        store: Store,
        directory: Directory,
        runtime: Runtime,
        gate: Gate,
        counts: Counts,
        *,
        keep_text: bool,
        live_cost: bool,
    ) -> None:
        self._config = config
        self._store = store
        self._directory = directory
        self._runtime = runtime
        self._gate = gate
        self._counts = counts
        self._keep_text = keep_text
        self._live_cost = live_cost
        self._unstored: dict[str, list[Message]] = {}
        """What was said where no text is kept: for as long as the program is open."""

    def keep(self, conversation_id: str, *said: Message) -> None:
        """Remember an exchange that is not stored."""
        self._unstored.setdefault(conversation_id, []).extend(said)

    async def past(self, conversation_id: str, leaf: str | LeafOfConversation | None) -> Past:
        """The branch that ends at `leaf` (None: before the first message), and the system prompt; read in one go."""

        def look_back() -> Past:
            conversations = self._store.conversations
            conversation = conversations.get(conversation_id)
            messages: Sequence[Message] = ()
            if leaf is not None:
                messages = conversations.thread(conversation_id, leaf if isinstance(leaf, str) else None)
            system = str(conversation.settings.get("system", "")) if conversation else ""
            return Past((*messages, *(self._unstored.get(conversation_id, ()) if leaf is not None else ())), system)

        return await self._runtime.call(look_back)

    async def plan(
        self,
        conversation_id: str,
        earlier: Sequence[Message],
        question: Message | None,
        *,
        model: ModelRef,
        fallback: Sequence[ModelRef],
        confirm: Confirm,
        settings: GenerationSettings | None = None,
        system: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        cut: Message | None = None,
    ) -> TurnPlan:
        """The plan of a turn. `question` None: the newest of `earlier` is asked again; `cut` is an answer to go on from.

        Raise InputRefused, ContextTooLong, ConfigError.
        """
        chosen = model
        asked = question or earlier[-1]
        notes = await look(self._config, question, confirm) if question else ()
        if chosen == AUTO:
            chosen, why = await self._runtime.call(
                lambda: choose_by_router(
                    self._config, self._directory, asked, budget_used=self._gate.used(conversation_id)
                )
            )
            notes = (*notes, why)
        chain = [chosen, *(ref for ref in fallback if ref != chosen)]
        messages = [*earlier, *((question,) if question else ())]
        if cut is not None:
            messages += [cut, Message(Role.USER, CONTINUE)]
        if system:
            messages.insert(0, Message(Role.SYSTEM, system))
        wanted = self.settings(settings)
        summary = await self._summary(conversation_id) if len(earlier) > KEPT_BY_SUMMARY else None
        chain, composed = await self._fitting(
            chain,
            messages,
            asked_output=wanted.max_output_tokens,
            newest_exchanges=2 if cut else 1,
            summary=summary,
        )
        return TurnPlan(
            request=ChatRequest(chain[0], composed.messages, wanted, conversation_id),
            chain=[self._directory.candidate(ref) for ref in chain],
            timeouts=self._config.timeouts,
            retry=self._config.retry,
            conversation_id=conversation_id,
            user_message_id=asked.id,
            answer_message_id=new_id(),
            input_tokens=composed.input_tokens,
            exact_for=chain[0] if composed.exact else None,
            warnings=(*notes, *composed.notes),
            gate=self._gate,
            confirm=confirm,
            prefix=cut.content if cut else "",
            metadata=metadata or {},
            live_cost=self._live_cost,
        )

    async def _summary(self, conversation_id: str) -> Summary | None:
        """The summary that stands for a conversation's older part, where a person had one made."""
        if not self._keep_text:
            return None
        conversation = await self._runtime.call(lambda: self._store.conversations.get(conversation_id))
        if conversation is None or "summary" not in conversation.settings:
            return None
        from llmtui.chat.summarise import from_stored

        return from_stored(conversation.settings)

    async def _fitting(
        self, chain: list[ModelRef], messages: list[Message], **how: Any
    ) -> tuple[list[ModelRef], Composed]:
        """The chain from the first model on whose window the messages fit, and what is sent. Raise ContextTooLong."""
        refused: ContextTooLong | None = None
        for position, ref in enumerate(chain):
            try:
                composed = await compose(
                    self._config, self._directory, self._runtime, ref, messages, counts=self._counts, **how
                )
            except ContextTooLong as error:
                refused = refused or error
                continue
            if refused is not None:
                note = f"{chain[0]} is too small for this ({refused.message}); {ref} is asked instead"
                composed = composed._replace(notes=(note, *composed.notes))
            return chain[position:], composed
        raise refused or ConfigError("there is no model to ask")

    async def plan_aside(
        self,
        messages: Sequence[Message],
        *,
        purpose: str,
        model: ModelRef,
        conversation_id: str,
        answer_id: str,
        settings: GenerationSettings | None,
        confirm: Confirm,
    ) -> TurnPlan:
        """The plan of a request beside the conversation: no other model stands in."""
        wanted = self.settings(settings)
        goes_on = (
            purpose == "compare" and len(messages) > KEPT_BY_SUMMARY
        )  # a summary is made of the messages themselves
        composed = await compose(
            self._config,
            self._directory,
            self._runtime,
            model,
            messages,
            counts=self._counts,
            asked_output=wanted.max_output_tokens,
            summary=await self._summary(conversation_id) if goes_on else None,
        )
        return TurnPlan(
            request=ChatRequest(model, composed.messages, wanted, conversation_id),
            chain=[self._directory.candidate(model)],
            timeouts=self._config.timeouts,
            retry=self._config.retry,
            conversation_id=conversation_id,
            user_message_id=messages[-1].id,
            answer_message_id=answer_id,
            input_tokens=composed.input_tokens,
            exact_for=model if composed.exact else None,
            warnings=composed.notes,
            gate=self._gate,
            confirm=confirm,
            purpose=purpose,
            live_cost=self._live_cost,
        )

    def settings(self, given: GenerationSettings | None) -> GenerationSettings:
        """What was given goes before the config's defaults, field by field."""
        defaults = self._config.generation
        if given is None:
            return defaults
        return GenerationSettings(
            temperature=defaults.temperature if given.temperature is None else given.temperature,
            top_p=defaults.top_p if given.top_p is None else given.top_p,
            max_output_tokens=given.max_output_tokens or defaults.max_output_tokens,
            stop=given.stop or defaults.stop,
            seed=defaults.seed if given.seed is None else given.seed,
            reasoning_effort=given.reasoning_effort or defaults.reasoning_effort,
        )
