"""What of a conversation is sent, and whether a person must look at it first: guard, router and context plan in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.errors import ConfigError, InputRefused
from llmtui.core.messages import Message, ModelRef, Role
from llmtui.tokens.estimate import estimate_request, estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.chat.directory import Directory
    from llmtui.chat.gate import Confirm
    from llmtui.chat.runtime import Runtime
    from llmtui.config import Config
    from llmtui.core.context import MessageTokens, Summary
    from llmtui.core.messages import Attachment

AUTO = ModelRef("auto", "auto")
"""Stands for a model until the router has chosen one for the question."""
SMALL_REQUEST = 3_000
"""Tokens that fit every model's window, whichever it is: below, none is looked up."""
_IMAGE_TOKENS = 1_600


class GuardQuestion(NamedTuple):
    """The guard found something: a person is asked."""

    sentence: str
    reason: str = "guard"


class Composed(NamedTuple):
    """The messages of a request."""

    messages: tuple[Message, ...]
    input_tokens: int
    """Estimated."""
    notes: tuple[str, ...]


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
    asked_output: int | None,
    newest_exchanges: int = 1,
    summary: Summary | None = None,
) -> Composed:
    """Choose what is sent, by the config's strategy and the model's window. Raise ContextTooLong when it cannot fit."""
    kept = [message for message in messages if message.role is not Role.ASSISTANT or message.content]
    if not kept:
        raise ConfigError("there is nothing to send")
    total = estimate_request(text_of(message) for message in kept)
    plain = (
        config.context.strategy == "fit"
        and summary is None
        and not any(message.excluded or message.pinned for message in kept)
    )
    if plain and total < SMALL_REQUEST:
        return Composed(tuple(kept), total, ())
    from llmtui.core.context import plan

    window = await runtime.call(lambda: directory.window(ref))
    found = plan(
        kept,
        [count(message) for message in kept],
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
    return Composed(found.sent, found.tokens, tuple(notes))


def count(message: Message) -> MessageTokens:
    """The tokens of a message, estimated."""
    from llmtui.core.context import MessageTokens

    return MessageTokens(estimate_tokens(message.content), sum(map(_attachment_tokens, message.attachments)))


def text_of(message: Message) -> str:
    return "\n".join(
        [message.content, *("x" * 4 * _IMAGE_TOKENS if a.is_image else a.text() for a in message.attachments)]
    )


def _attachment_tokens(item: Attachment) -> int:
    return _IMAGE_TOKENS if item.is_image else estimate_tokens(item.text())
