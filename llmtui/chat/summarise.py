"""A summary of a conversation's older part, made when a person asks for it: what it would save, the request, the result.

The summary is kept among the conversation's settings, with the ids of the messages that it stands for. These stay where
they are, and are sent again as soon as the summary is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.chat.compose import AUTO
from llmtui.core.context import Summary, older_part
from llmtui.core.cost import format_usd
from llmtui.core.errors import ConfigError
from llmtui.core.messages import Message, Role
from llmtui.core.request import GenerationSettings
from llmtui.core.usage import MESSAGE_TOKENS
from llmtui.tokens.estimate import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from llmtui.chat.control import TurnControl
    from llmtui.chat.session import ChatSession
    from llmtui.core.events import Sink, TurnResult
    from llmtui.core.messages import ModelRef

SHORTEST, LONGEST = 200, 1000
"""Tokens that a summary may have at most: a quarter of what it stands for, within these."""
_ASK = (
    "Summarise the conversation so far for yourself, so that it can go on from the summary alone. Keep facts, names, "
    "numbers, decisions, code that is still needed and open questions. Write plain text in the conversation's language."
)
_HEAD = "Summary of the earlier part of this conversation:\n\n"


class Offer(NamedTuple):
    """What a summary would do."""

    older: tuple[Message, ...]
    """What it would stand for."""
    tokens: int
    """What that takes now, estimated."""
    at_most: int
    """What the summary will take at most."""
    request_tokens: int
    """Input of the request that makes it, estimated."""

    @property
    def saved(self) -> int:
        """Of every request that follows, at least."""
        return max(0, self.tokens - self.at_most)


def offer(messages: Sequence[Message], summary: Summary | None = None) -> Offer | None:
    """What a summary of the older part would do; None where there is nothing old enough, or nothing to save.

    `summary` is the one that is in force: what it covers is summarised anew from it.
    """
    older = older_part(messages)
    fresh = [message for message in older if summary is None or message.id not in summary.covers]
    tokens = sum(_size(message) for message in fresh) + (summary.tokens if summary else 0)
    at_most = max(SHORTEST, min(LONGEST, tokens // 4))
    if not fresh or tokens <= at_most:
        return None
    return Offer(older, tokens, at_most, tokens + estimate_tokens(_ASK) + 2 * MESSAGE_TOKENS)


def maker(session: ChatSession, model: ModelRef, messages: Sequence[Message]) -> ModelRef:
    """Who writes the summary: the config's `summary_model`, else the conversation's; where the router chooses that one
    anew for each question, the one that answered last. Raise ConfigError, ModelNotFound."""
    if named := session.config.context.summary_model:
        return session.directory.find_model(named)
    answered = (message.model for message in reversed(messages) if message.model is not None)
    return next(answered, model) if model == AUTO else model


def question(offered: Offer, model: ModelRef, prices: tuple[Decimal, Decimal] | None) -> str:
    """What a person is asked before it is made: what it saves, and what it costs at most by the prices of input and
    output per million tokens."""
    costs = "what that costs is not known"
    if prices is not None:
        most = (prices[0] * offered.request_tokens + prices[1] * offered.at_most) / 10**6
        costs = f"making it costs about {format_usd(most)} at most"
    return (
        f"Summarise {len(offered.older)} older messages: {offered.tokens:,} → {offered.at_most:,} tokens at most, so that "
        f"every further request saves about {offered.saved:,}. {model} writes it; {costs}. The messages stay in the list."
    )


async def summarise(
    session: ChatSession,
    conversation_id: str,
    offered: Offer,
    *,
    model: ModelRef,
    sink: Sink,
    summary: Summary | None = None,
    control: TurnControl | None = None,
) -> tuple[Summary | None, TurnResult]:
    """Make the summary: a request of its own, booked on the conversation. None when no whole answer came."""
    fresh = [message for message in offered.older if summary is None or message.id not in summary.covers]
    result = await session.ask_aside(
        [*([summary.message] if summary else []), *fresh, Message(Role.USER, _ASK)],
        purpose="summary",
        model=model,
        conversation_id=conversation_id,
        settings=GenerationSettings(max_output_tokens=offered.at_most),
        sink=sink,
        control=control,
    )
    if result.error is not None or result.finish_reason not in ("stop", "length") or not result.content.strip():
        return None, result
    return made(result.content, [message.id for message in offered.older]), result


def made(text: str, covers: Sequence[str]) -> Summary:
    """A summary's text as the context plan takes it."""
    message = Message(Role.USER, f"{_HEAD}{text.strip()}")
    return Summary(message, estimate_tokens(message.content), frozenset(covers))


def to_stored(summary: Summary | None) -> dict[str, Any]:
    """As a conversation's settings keep it."""
    if summary is None:
        return {}
    text = summary.message.content.removeprefix(_HEAD)
    return {"summary": {"text": text, "covers": sorted(summary.covers)}}


def from_stored(settings: Mapping[str, Any]) -> Summary | None:
    """What a conversation's settings say. Raise ConfigError when that is damaged."""
    kept = settings.get("summary")
    if kept is None:
        return None
    try:
        return made(str(kept["text"]), [str(each) for each in kept["covers"]])
    except (TypeError, KeyError) as error:
        raise ConfigError("the stored summary of this conversation is damaged") from error


def _size(message: Message) -> int:
    return estimate_tokens(message.content) + MESSAGE_TOKENS
