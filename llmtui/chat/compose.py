"""What of a conversation is sent, and whether a person must look at it first: guard, router and context plan in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.errors import ConfigError, InputRefused
from llmtui.core.messages import Message, ModelRef, Role
from llmtui.core.usage import MESSAGE_TOKENS, REPLY_TOKENS
from llmtui.tokens.estimate import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.chat.directory import Directory
    from llmtui.chat.gate import Confirm
    from llmtui.chat.runtime import Runtime
    from llmtui.config import Config
    from llmtui.core.context import MessageTokens, Summary
    from llmtui.tokens.counts import Counts

AUTO = ModelRef("auto", "auto")
"""Stands for a model until the router has chosen one for the question."""
SMALL_REQUEST = 3_000
"""Tokens that fit every model's window, whichever it is: below, none is looked up."""
_IMAGE_TOKENS = 1_600
_PATIENCE_S = 0.05
"""How long a question waits for its exact count, which is known as a rule: it was counted while it was being typed."""


class GuardQuestion(NamedTuple):
    """The guard found something: a person is asked."""

    sentence: str
    reason: str = "guard"


class Composed(NamedTuple):
    """The messages of a request."""

    messages: tuple[Message, ...]
    input_tokens: int
    """Estimated, unless `exact`."""
    notes: tuple[str, ...]
    exact: bool = False
    """The tokenizer's own count."""


async def look(config: Config, question: Message, confirm: Confirm) -> tuple[str, ...]:
    """Let the guard look at a question; returns what to tell the reader. Raise InputRefused when it is not to be sent."""
    if config.guard.mode == "off" and not config.guard.max_chars:
        return ()
    from llmtui.core.guard import Guard

    guard = Guard(config.guard.mode, config.guard.max_chars, config.guard.patterns)
    verdict = guard.inspect(question.content, *(item.text() for item in question.attachments if not item.is_image))
    if verdict.action == "pass":
        return ()
    import logging

    logging.getLogger(__name__).warning("message %s: %s", question.id, verdict.sentence)
    if verdict.action == "block":
        raise InputRefused(verdict.sentence, advice="Nothing was sent. [guard] in the config sets what is let through.")
    if verdict.action == "confirm" and not await confirm(GuardQuestion(verdict.sentence)):
        raise InputRefused(verdict.sentence, advice="Nothing was sent. Say --yes, or set [guard] mode in the config.")
    return (verdict.sentence,)


def choose_by_router(
    config: Config, directory: Directory, question: Message, *, budget_used: float = 0.0
) -> tuple[ModelRef, str]:
    """The router's model for a question, and why, for the reader. Raise ConfigError where no provider has a key.

    `budget_used` is the fullest limit's share.
    """
    from llmtui.core.router import route

    chosen = route(
        question.content,
        config.router,
        directory.can_ask,
        attachments=len(question.attachments),
        budget_used=budget_used,
    )
    return chosen.model, f"auto chose {chosen.model}: {chosen.reason}"


async def compose(
    config: Config,
    directory: Directory,
    runtime: Runtime,
    ref: ModelRef,
    messages: Sequence[Message],
    *,
    counts: Counts,
    asked_output: int | None,
    newest_exchanges: int = 1,
    summary: Summary | None = None,
) -> Composed:
    """Choose what is sent, by the config's strategy and the model's window. Raise ContextTooLong when it cannot fit."""
    kept = [message for message in messages if message.role is not Role.ASSISTANT or message.content]
    if not kept:
        raise ConfigError("there is nothing to send")
    await counts.learn(texts_of(kept), ref, within_s=_PATIENCE_S)
    sizes = [count(message, counts, ref) for message in kept]
    total = sum(size.text + size.attachments + MESSAGE_TOKENS for size in sizes) + REPLY_TOKENS
    plain = (
        config.context.strategy == "fit"
        and summary is None
        and not any(message.excluded or message.pinned for message in kept)
    )
    if plain and total < SMALL_REQUEST:
        return Composed(tuple(kept), total, (), is_exact(kept, counts, ref))
    from llmtui.core.context import plan

    window = await runtime.call(lambda: directory.window(ref))
    found = plan(
        kept,
        sizes,
        window,
        config.context,
        asked_output=asked_output,
        newest_exchanges=newest_exchanges,
        summary=summary,
    )
    notes = []
    if found.dropped:
        notes.append(f"{len(found.dropped)} earlier messages were left out to fit the context")
    elif found.is_nearly_full and found.room is not None and window:
        used = found.tokens * 100 // window
        notes.append(f"the context is {used} % full: about {max(0, found.room):,} tokens are left for the answer")
    return Composed(found.sent, found.tokens, tuple(notes), is_exact(found.sent, counts, ref))


def count(message: Message, counts: Counts | None = None, ref: ModelRef | None = None) -> MessageTokens:
    """The tokens of a message, estimated where they are not known."""
    from llmtui.core.context import MessageTokens

    def tokens(text: str) -> int:
        return estimate_tokens(text) if counts is None else counts.of(text, ref).tokens

    files = sum(_IMAGE_TOKENS if item.is_image else tokens(item.text()) for item in message.attachments)
    return MessageTokens(tokens(message.content), files)


def is_exact(messages: Sequence[Message], counts: Counts, ref: ModelRef | None) -> bool:
    """Whether all of what is sent has been counted by the model's own tokenizer: no image, no sealed reasoning."""
    if any(message.opaque or any(item.is_image for item in message.attachments) for message in messages):
        return False
    return all(counts.of(text, ref).exact for text in texts_of(messages))


def texts_of(messages: Sequence[Message]) -> list[str]:
    """Everything of the messages that can be counted as text."""
    files = [item for message in messages for item in message.attachments if not item.is_image]
    return [*(message.content for message in messages), *(item.text() for item in files)]


def text_of(message: Message) -> str:
    return "\n".join(
        [message.content, *("x" * 4 * _IMAGE_TOKENS if a.is_image else a.text() for a in message.attachments)]
    )
