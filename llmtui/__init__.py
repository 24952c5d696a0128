"""llmtui: a terminal chat client for language models. Public names are loaded when they are first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmtui.core.cost import Cost, Price, Resolution
    from llmtui.core.errors import (
        BudgetExceeded,
        ConfigError,
        ContextTooLong,
        KeyNotFound,
        LlmtuiError,
        ProviderError,
        RateLimited,
        StreamBroken,
        TimedOut,
    )
    from llmtui.core.events import FinishReason, StreamChunk
    from llmtui.core.messages import Attachment, Message, ModelRef, Role
    from llmtui.core.usage import Usage
    from llmtui.library import (
        Bill,
        Session,
        SyncSession,
        close,
        count_tokens,
        count_tokens_batch,
        meter,
        stream,
        stream_sync,
    )
    from llmtui.pricing.prices import Prices

    prices: Prices

__version__ = "0.1.0"
__all__ = [
    "Attachment",
    "Bill",
    "BudgetExceeded",
    "ConfigError",
    "ContextTooLong",
    "Cost",
    "FinishReason",
    "KeyNotFound",
    "LlmtuiError",
    "Message",
    "ModelRef",
    "Price",
    "Prices",
    "ProviderError",
    "RateLimited",
    "Resolution",
    "Role",
    "Session",
    "StreamBroken",
    "StreamChunk",
    "SyncSession",
    "TimedOut",
    "Usage",
    "close",
    "count_tokens",
    "count_tokens_batch",
    "meter",
    "prices",
    "stream",
    "stream_sync",
]

_HOMES = {
    "llmtui.core.cost": ("Cost", "Price", "Resolution"),
    "llmtui.core.errors": (
        "BudgetExceeded",
        "ConfigError",
        "ContextTooLong",
        "KeyNotFound",
        "LlmtuiError",
        "ProviderError",
        "RateLimited",
        "StreamBroken",
        "TimedOut",
    ),
    "llmtui.core.events": ("FinishReason", "StreamChunk"),
    "llmtui.core.messages": ("Attachment", "Message", "ModelRef", "Role"),
    "llmtui.core.usage": ("Usage",),
    "llmtui.pricing.prices": ("Prices",),
}
"""Where a public name lives; the others are the library's."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if name == "prices":
        return import_module("llmtui.library").shared_prices()
    home = next((module for module, names in _HOMES.items() if name in names), "llmtui.library")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
