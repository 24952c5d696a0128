"""The library: the same turns as the chat's, without a screen.

    async with llmtui.stream("openai/gpt-5-mini", "What is a monad?") as session:
        async for chunk in session:
            print(chunk.content, end="")
    print(session.cost.amount)

Providers, prices, budgets and limits are those of the config; nothing is read from the command line's own settings.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Sequence
from typing import TYPE_CHECKING, Unpack, overload

from llmtui.library.bills import Bill
from llmtui.library.request import StreamOptions, prepare
from llmtui.library.session import Session
from llmtui.library.shared import close, library_for
from llmtui.library.sync import SyncSession

if TYPE_CHECKING:
    from llmtui.core.messages import ModelRef
    from llmtui.library.metering import Format, MeterOptions
    from llmtui.library.request import Messages
    from llmtui.pricing.prices import Prices
    from llmtui.tokens.process import Count

__all__ = [
    "Bill", "Session", "StreamOptions", "SyncSession", "close", "count_tokens", "count_tokens_batch", "meter",
    "shared_prices", "stream", "stream_sync",
]  # fmt: skip


def stream(model: str | ModelRef, messages: Messages, **options: Unpack[StreamOptions]) -> Session:
    """Ask a model; the session is an async context manager and an async iterator of `StreamChunk`.

    `model` is `PROVIDER/MODEL` (with `base_url` the model's name there), `messages` a text or the messages in order:
    `Message` objects or mappings with `role` and `content`. `options` are described at `StreamOptions`.
    Nothing is sent before the first chunk is asked for. Raise ConfigError for what cannot be asked.
    """
    return Session(prepare(model, messages, options))


def stream_sync(model: str | ModelRef, messages: Messages, **options: Unpack[StreamOptions]) -> SyncSession:
    """As `stream`, without an event loop: a context manager and an iterator."""
    return SyncSession(prepare(model, messages, options))


@overload
def meter(
    source: AsyncIterable[str], model: str | ModelRef, format: Format = "raw", **options: Unpack[MeterOptions]
) -> Session: ...
@overload
def meter(
    source: Iterable[str], model: str | ModelRef, format: Format = "raw", **options: Unpack[MeterOptions]
) -> SyncSession: ...
def meter(
    source: AsyncIterable[str] | Iterable[str],
    model: str | ModelRef,
    format: Format = "raw",  # noqa: A002  (the word of the command line)
    **options: Unpack[MeterOptions],
) -> Session | SyncSession:
    """Meter any iterator of strings as the answer of `model`: chunks, tokens, cost, a ledger row of purpose `meter`.

    `format` says what the strings are: `raw` text; `json`, one JSON object after the other; `sse`, events with JSON. The
    objects are chunks of ours or of the Chat Completions format, or have `content` (or `text`), `reasoning`,
    `finish_reason` and `usage`. An error of the source comes out as it is. Raise ConfigError.
    """
    from llmtui.library.metering import prepare_meter

    ask = prepare_meter(source, model, format, options)
    return Session(ask) if isinstance(source, AsyncIterable) else SyncSession(ask)


def count_tokens(text: str, model: str | ModelRef) -> Count:
    """The tokens of a text, and whether that is the tokenizer's own count or an estimate. Blocks while it counts."""
    return count_tokens_batch([text], model)[0]


def count_tokens_batch(texts: Sequence[str], model: str | ModelRef) -> list[Count]:
    """The tokens of each text."""
    import os

    from llmtui.paths import locate
    from llmtui.tokens.blocking import count_batch
    from llmtui.tokens.vocabulary import folder

    name = str(model)
    return count_batch(texts, name, folder(locate(os.environ).cache))


def shared_prices() -> Prices:
    """The prices of config and table; `with_price("provider/model", Price(…))` gives others, for `stream(prices=…)`."""
    return library_for(store=False).directory.prices
