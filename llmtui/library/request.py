"""From what a caller writes to what a turn needs: model, messages, settings, checked before anything is opened."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from llmtui.chat.compose import AUTO, choose_by_router, text_of
from llmtui.chat.directory import Directory
from llmtui.chat.gate import Gate
from llmtui.chat.roster import CUSTOM
from llmtui.core.errors import ConfigError
from llmtui.core.messages import Attachment, Message, ModelRef, Role
from llmtui.core.request import ChatRequest, GenerationSettings
from llmtui.keys import own_variable
from llmtui.library.shared import library_for
from llmtui.paths import locate
from llmtui.tokens.estimate import estimate_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from llmtui.chat.breaker import CircuitBreaker
    from llmtui.chat.candidate import Candidate
    from llmtui.chat.compose import GuardQuestion
    from llmtui.core.admission import ConfirmNeeded
    from llmtui.core.policy import RetryPolicy, Timeouts
    from llmtui.core.request import ReasoningEffort
    from llmtui.library.bills import OnCost
    from llmtui.library.shared import Library
    from llmtui.pricing.prices import Prices
    from llmtui.providers.transport import Transport

Messages: TypeAlias = "str | Sequence[Message | Mapping[str, Any]]"


class CommonOptions(TypedDict, total=False):
    """What every session may be given."""

    metadata: Mapping[str, Any] | None
    """Yours, as JSON can hold it; goes untouched to every chunk and to the ledger rows."""
    agent_id: str | None
    """Who asks, in a program of several."""
    on_cost: OnCost | None
    """Called once for each settled cost, when it is final: a function of a `Bill`, plain or (not in `sync`) async."""
    prices: Prices | None
    """Instead of config and table: `llmtui.prices.with_price(…)`."""
    store: bool | Path
    """The ledger: True (as a rule) the program's own, a path another one, False none; then no budget is kept either."""
    raise_errors: bool
    """False: errors end the iteration quietly and stand in `session.error`."""


class StreamOptions(CommonOptions, total=False):
    """What `stream` and `stream_sync` take besides model and messages; all may be left out."""

    system: str | None
    """The system prompt."""
    temperature: float | None
    top_p: float | None
    max_output_tokens: int | None
    stop: Sequence[str]
    seed: int | None
    reasoning_effort: ReasoningEffort | None
    attachments: Sequence[Attachment]
    """Files that go with the last message."""
    fallback: Sequence[str | ModelRef]
    """Models that take over when the first one fails before it has said anything."""
    timeout_s: float | None
    """Seconds to the first content."""
    retries: int | None
    base_url: str | None
    """A server that is not in the config; then `model` is the model's name there."""
    wire: str | None
    """What that server speaks; left out: `openai`."""
    key: str | None
    """Its key, or the provider's; goes before environment and keyring."""


class Ask(NamedTuple):
    """All that a session needs to begin its turn."""

    library: Library
    directory: Directory
    request: ChatRequest
    chain: Sequence[Candidate]
    timeouts: Timeouts
    retry: RetryPolicy
    breaker: CircuitBreaker
    gate: Gate
    input_tokens: int
    """Estimated."""
    metadata: Mapping[str, Any]
    agent_id: str | None
    on_cost: OnCost | None
    raise_errors: bool
    purpose: str = "chat"
    transport: Transport | None = None
    """Where the bytes come from; None: from the provider."""
    warnings: tuple[str, ...] = ()
    """What is to be known beforehand: which model `auto` chose, and why."""


def prepare(model: str | ModelRef, messages: Messages, options: StreamOptions) -> Ask:
    """Check what was asked for. Raise ConfigError; TypeError for an option that does not exist."""
    check_names(options, StreamOptions)
    library = library_for(store=options.get("store", True))
    directory = _directory(library, model, options)
    asked = _messages(messages, options)
    first = ModelRef(CUSTOM, str(model)) if options.get("base_url") else directory.find_model(str(model))
    config = library.config
    # an answer of the library belongs to no conversation: what limits those is not for it
    budget = config.budget._replace(conversation_usd=config.budget.conversation_usd * 0, conversation_tokens=0)
    gate = Gate(budget, library.store, priced=True)
    why = ""
    if first == AUTO:
        first, why = choose_by_router(config, directory, asked[-1], budget_used=gate.used(""))
    chain = [first, *(directory.find_model(str(other)) for other in options.get("fallback", ()))]
    timeouts, retry = config.timeouts, config.retry
    timeout_s, retries = options.get("timeout_s"), options.get("retries")
    if timeout_s is not None:
        timeouts = timeouts._replace(first_content_s=timeout_s, first_content_slow_s=timeout_s)
    if retries is not None:
        retry = retry._replace(max_retries=retries)
    request = ChatRequest(first, asked, _settings(options))
    return Ask(
        library=library,
        directory=directory,
        request=request,
        chain=[directory.candidate(ref) for ref in dict.fromkeys(chain)],
        timeouts=timeouts,
        retry=retry,
        breaker=library.breaker,
        gate=gate,
        input_tokens=estimate_request(text_of(message) for message in request.messages),
        metadata=checked_metadata(options.get("metadata")),
        agent_id=options.get("agent_id"),
        on_cost=options.get("on_cost"),
        raise_errors=options.get("raise_errors", True),
        warnings=(why,) if why else (),
    )


def check_names(options: Mapping[str, Any], known: type[Any]) -> None:
    """Raise TypeError for a misspelt option, as a function of named parameters would."""
    for name in options:
        if name not in known.__annotations__:
            raise TypeError(f"there is no option “{name}”; known are {', '.join(known.__annotations__)}")


def checked_metadata(given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A copy that the caller's later changes do not reach. Raise ConfigError for what JSON cannot hold."""
    try:
        json.dumps(dict(given or {}))
        return copy.deepcopy(dict(given or {}))
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"metadata is stored as JSON, and this cannot be: {error}") from None


async def nobody_to_ask(question: ConfirmNeeded | GuardQuestion) -> bool:
    """Near a limit it goes on; without a price under a hard budget it does not."""
    return question.reason == "near"


def _directory(library: Library, model: str | ModelRef, options: StreamOptions) -> Directory:
    """The shared one, or one of its own where a server, a key or prices of its own are given."""
    base_url, wire, key = options.get("base_url") or "", options.get("wire") or "", options.get("key")
    prices = options.get("prices")
    if wire and not base_url:
        raise ConfigError("a wire goes with a base_url", advice="The config knows what its own providers speak.")
    if not (base_url or key or prices):
        return library.directory
    environ: Mapping[str, str] = os.environ
    if key:
        provider = CUSTOM if base_url else ModelRef.parse(str(model)).provider
        environ = {**os.environ, own_variable(provider): key}
    own = Directory(library.config, environ, locate(os.environ), base_url=base_url, wire=wire or "openai")
    own.prices = prices or library.directory.prices
    return own


def _settings(options: StreamOptions) -> GenerationSettings:
    stop = options.get("stop", ())
    return GenerationSettings(
        temperature=options.get("temperature"),
        top_p=options.get("top_p"),
        max_output_tokens=options.get("max_output_tokens"),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        seed=options.get("seed"),
        reasoning_effort=options.get("reasoning_effort"),
    )


def _messages(given: Messages, options: StreamOptions) -> tuple[Message, ...]:
    found = [Message(Role.USER, given)] if isinstance(given, str) else [_message(one) for one in given]
    if not found or not any(message.content or message.attachments for message in found):
        raise ConfigError("there is nothing to ask: the messages are empty")
    if attachments := tuple(options.get("attachments", ())):
        found[-1] = replace(found[-1], attachments=attachments)
    system = options.get("system")
    return (Message(Role.SYSTEM, system), *found) if system else tuple(found)


def _message(given: Message | Mapping[str, Any]) -> Message:
    if isinstance(given, Message):
        return given
    try:
        role, content = Role(given["role"]), given["content"]
    except (KeyError, ValueError, TypeError):
        raise ConfigError("a message is a mapping with a role (system, user or assistant) and a content") from None
    if not isinstance(content, str):
        raise ConfigError("a message's content is a text", advice="Files go into `attachments`.")
    return Message(role, content)
