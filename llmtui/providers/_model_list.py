"""Model lists of OpenAI-compatible servers: the same list in a dozen spellings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from llmtui.core.errors import MalformedResponse
from llmtui.core.usage import MAX_TOKENS
from llmtui.providers._json import excerpt, parse_body, whole_characters
from llmtui.providers._usage import part, usd
from llmtui.providers.base import ModelInfo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

_MILLION = 10**6
_NO_CHAT_TYPES = frozenset(
    {"embedding", "embeddings", "image", "audio", "rerank", "moderation", "transcribe", "tts", "video"}
)
_NO_CHAT_NAMES = re.compile(
    r"text-embedding|whisper|tts-|dall-e|omni-moderation|text-moderation|gpt-image|sora|babbage-002|davinci-002"
    r"|.*-(?:realtime|transcribe|tts)(?:-|$)"
)


def parse_model_list(body: bytes) -> list[ModelInfo]:
    """The models that can chat, in the server's order. Raise MalformedResponse on anything that is no list."""
    listing = parse_body(body)
    if isinstance(listing, dict):
        listing = next((listing[key] for key in ("data", "models") if isinstance(listing.get(key), list)), listing)
    if not isinstance(listing, list):
        raise MalformedResponse(
            "The list of models is no list",
            advice="Check that base_url leads to a model server.",
        )
    models = (_model(item) for item in listing if isinstance(item, dict))
    return [model for model in models if model is not None]


def _model(item: Mapping[str, Any]) -> ModelInfo | None:
    name = next((n for key in ("id", "name", "model", "key") if isinstance(n := item.get(key), str) and n), None)
    capabilities = item.get("capabilities")
    capabilities = capabilities if isinstance(capabilities, dict) else {}
    if name is None or str(item.get("type")).lower() in _NO_CHAT_TYPES or capabilities.get("completion_chat") is False:
        return None
    if _NO_CHAT_NAMES.match(name):
        return None
    meta = item.get("meta") if isinstance(item.get("meta"), dict) else {}
    vision = capabilities.get("vision")
    shutdown = item.get("shutdown_date")
    input_price, output_price = _prices(part(item, "pricing"))
    return ModelInfo(
        name=whole_characters(name),
        context_window=tokens(
            item.get("context_length"),
            item.get("max_model_len"),
            item.get("context_window"),
            item.get("max_context_length"),
            (meta or {}).get("n_ctx_train"),
        ),
        max_output_tokens=tokens(item.get("max_completion_tokens"), item.get("max_output_tokens")),
        takes_images=vision if isinstance(vision, bool) else None,
        input_price=input_price,
        output_price=output_price,
        shutdown_date=shutdown if isinstance(shutdown, str) else "",
        display_name=excerpt(item["display_name"], 80) if isinstance(item.get("display_name"), str) else "",
    )


def tokens(*values: object) -> int | None:
    """The first of the values that can be a number of tokens."""
    for value in values:
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_TOKENS:
            return value
    return None


def _prices(pricing: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """Together's numbers are dollars a million tokens, a router's strings dollars a token. Where both are 0 nothing is
    known: so are models listed that are let by the hour."""
    if "input" in pricing:
        found = usd(pricing.get("input")), usd(pricing.get("output"))
    else:
        found = per_million(pricing.get("prompt")), per_million(pricing.get("completion"))
    return found if any(found) and None not in found else (None, None)


def per_million(price: object) -> Decimal | None:
    """USD a token, written as a string, to USD a million tokens; a router without a price of its own says -1."""
    from decimal import Decimal, InvalidOperation

    try:
        amount = usd(Decimal(price)) if isinstance(price, str) else None
    except InvalidOperation:
        return None
    return None if amount is None else amount * _MILLION
