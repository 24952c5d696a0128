"""What the next request will send, worked out from what is on screen; and the summary of its older part."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.errors import ContextTooLong, LlmtuiError
from llmtui.core.messages import Message, Role

if TYPE_CHECKING:
    from llmtui.chat.summarise import Offer
    from llmtui.core.context import Breakdown, ContextPlan
    from llmtui.core.events import TurnEvent
    from llmtui.core.messages import ModelRef
    from llmtui.tui.screens.chat import ChatScreen
    from llmtui.tui.talk import Talk


class Look(NamedTuple):
    """What the next request holds."""

    model: ModelRef | None
    plan: ContextPlan
    problem: str = ""
    """Why it cannot be sent so; empty when it can."""


async def look(chat: ChatScreen) -> Look | None:
    """Plan the next request with what stands in the prompt; None before the session is open."""
    session, talk, model = chat.session, chat.talk, chat.current_model
    if session is None:
        return None
    text, attachments = chat.prompt.content()
    messages = [*_earlier(talk), Message(Role.USER, text, attachments=attachments)]
    window = None
    if model is not None:
        await session.counts.learn(texts(chat), model)
        try:
            window = await asyncio.to_thread(session.directory.window, model)
        except LlmtuiError:
            window = None  # a model that nobody knows
    return await asyncio.to_thread(_planned, chat, messages, window, model)


def _earlier(talk: Talk) -> list[Message]:
    """What goes before the next question: the system prompt and the branch, up to a question that is edited."""
    ids = [message.id for message in talk.messages]
    end = ids.index(talk.editing) if talk.editing in ids else None
    kept = [message for message in talk.messages[:end] if message.role is not Role.ASSISTANT or message.content]
    return [Message(Role.SYSTEM, talk.system), *kept] if talk.system else kept


def texts(chat: ChatScreen) -> list[str]:
    """Everything that the next request sends as text."""
    from llmtui.chat.compose import texts_of

    text, attachments = chat.prompt.content()
    return texts_of([*_earlier(chat.talk), Message(Role.USER, text, attachments=attachments)])


def tokens(chat: ChatScreen) -> int:
    """Everything the next request sends beside the question, estimated; counted anew only when it is another."""
    talk, model = chat.talk, chat.current_model
    window = chat.models.window(model)
    learnt = chat.session.counts.learnt if chat.session else 0
    state = (talk.messages[:], talk.editing, talk.system, talk.summary, talk.settings, window, model, learnt)
    if talk.counted is None or talk.counted[0] != state:
        messages = [*_earlier(talk), Message(Role.USER, "")]
        talk.counted = (state, _planned(chat, messages, window, model).plan.tokens if chat.session else 0)
    return talk.counted[1]


def behind(chat: ChatScreen, answer: Message) -> Breakdown | None:
    """Where the input of an answer came from, estimated; None for what is no answer of the branch that is shown."""
    messages = [message for message in chat.talk.messages if message.role is not Role.ASSISTANT or message.content]
    ids = [message.id for message in messages]
    if answer.role is not Role.ASSISTANT or answer.id not in ids or chat.session is None:
        return None
    asked = messages[: ids.index(answer.id)]
    if chat.talk.system:
        asked.insert(0, Message(Role.SYSTEM, chat.talk.system))
    return _planned(chat, asked, chat.models.window(answer.model), answer.model).plan.breakdown if asked else None


def _planned(chat: ChatScreen, messages: list[Message], window: int | None, model: ModelRef | None) -> Look:
    from llmtui.chat.compose import count
    from llmtui.core.context import plan

    session, talk = chat.session, chat.talk
    assert session is not None
    counts = [count(message, session.counts, model) for message in messages]
    asked = talk.settings.max_output_tokens or session.config.generation.max_output_tokens
    config = session.config.context
    try:
        found = plan(messages, counts, window, config, asked_output=asked, summary=talk.summary)
    except ContextTooLong as error:
        return Look(
            model, plan(messages, counts, None, config, asked_output=asked, summary=talk.summary), error.sentence
        )
    return Look(model, found)


def head(found: Look, width: int = 80) -> list[str]:
    """The figures above the messages, the most important first; a line each."""
    plan = found.plan
    parts = plan.breakdown
    lines = [found.problem] if found.problem else []
    if plan.window is None or plan.room is None:
        lines.append(f"~{plan.tokens:,} tokens: window not known")
    else:
        share = f"~{plan.tokens:,} tokens: {plan.tokens / plan.window:.0%} of "
        long = f"{share}the window of {plan.window:,}, room for {max(0, plan.room):,} of answer"
        lines.append(long if len(long) <= width else f"{share}{plan.window:,}")
    lines.append(
        f"system {parts.system:,} · earlier {parts.context:,} · this message {parts.current:,}"
        f" · attachments {parts.attachments:,} · reserve {plan.reserve:,}"
    )
    return lines


async def warn(chat: ChatScreen, talk: Talk) -> None:
    """Say once that the window is nearly full: the room for an answer, and what a summary would make of it."""
    found = await look(chat) if talk is chat.talk else None
    if found is None or not found.plan.is_nearly_full:
        talk.context_told = talk.context_told and talk is not chat.talk
        return
    if talk.context_told or talk is not chat.talk:
        return
    talk.context_told = True
    plan = found.plan
    try:
        wanted = offer(chat)
    except LlmtuiError:
        wanted = None  # the summary's model is none that can be asked
    way = f"/summarise {wanted.offered.tokens:,} → {wanted.offered.at_most:,} tokens, or F4" if wanted else "F4"
    share = f"{plan.tokens / plan.window:.0%}" if plan.window else ""
    chat.say(
        f"The next request takes {share} of the window, with room for {max(0, plan.room or 0):,} tokens of answer. {way} makes room",
        severity="warning",
    )


class Summarising(NamedTuple):
    """A summary that is offered, with the model that would make it."""

    offered: Offer
    model: ModelRef
    question: str


def offer(chat: ChatScreen) -> Summarising | None:
    """What a summary would save and cost at most; None where there is nothing to summarise."""
    from llmtui.chat.summarise import maker, question
    from llmtui.chat.summarise import offer as offer_of

    session, talk, model = chat.session, chat.talk, chat.current_model
    if session is None or model is None or talk.id is None:
        return None
    model = maker(session, model, talk.messages)
    offered = offer_of(talk.messages, talk.summary)
    if offered is None:
        return None
    facts = chat.models.facts(model)
    prices = None
    if facts.input_price is not None and facts.output_price is not None:
        prices = (facts.input_price, facts.output_price)
    return Summarising(offered, model, question(offered, model, prices))


async def summarise(chat: ChatScreen, talk: Talk, wanted: Summarising) -> None:
    """Have the summary made and kept; say what came of it. `/undo` drops it."""
    from llmtui.chat.control import TurnControl
    from llmtui.chat.summarise import summarise as make
    from llmtui.tui.actions.conversations import bill
    from llmtui.tui.actions.settings import keep

    if chat.session is None or talk.id is None:
        return
    notes: list[TurnEvent] = []
    control = TurnControl()
    try:
        with chat.turns.aside(control):
            made, result = await make(
                chat.session,
                talk.id,
                wanted.offered,
                model=wanted.model,
                sink=notes.append,
                summary=talk.summary,
                control=control,
            )
    except LlmtuiError as error:
        chat.say(error.sentence, severity="error")
        return
    await bill(chat, talk)
    await chat.budgets.refresh()
    if made is None:
        said = result.error.sentence if result.error else "The summary broke off, and was not taken"
        chat.say(said, severity="error")
        return
    before, talk.summary = talk.summary, made

    async def bring_back() -> None:
        talk.summary = before
        await keep(chat, talk)

    await keep(chat, talk)
    chat.deleted.append(("the messages that were summarised", bring_back))
    chat.say(
        f"Summarised: {wanted.offered.tokens:,} → {made.tokens:,} tokens. /undo sends the messages themselves again"
    )
