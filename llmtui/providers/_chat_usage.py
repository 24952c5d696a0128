"""Usage as the OpenAI chat format and its many dialects report it, brought into one form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmtui.providers._usage import Nonsense, charged, count, first_count, has_count, make_usage, part, usd

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from llmtui.core.usage import Usage

_TICKS_PER_USD = 10**10
_INPUT_DETAILS = ("prompt_tokens_details", "input_tokens_details", "prompt_token_details")
_CACHED = ("cache_read_input_tokens", "num_cached_tokens", "cached_tokens")
"""Other places where servers say how much of the input came from a cache."""


def read_chat_usage(raw: Mapping[str, Any]) -> Usage:
    """A `usage` object of chat or text completions; raise Nonsense when it cannot be meant.

    Reasoning is part of the output, except where the total only adds up when it is not (xAI).
    """
    total = count(raw.get("total_tokens"))
    hit = first_count(raw, "prompt_cache_hit_tokens")
    prompt = first_count(raw, "prompt_tokens", "input_tokens")
    if not has_count(raw, "prompt_tokens", "input_tokens"):
        prompt = hit + count(raw.get("prompt_cache_miss_tokens"))
    output = first_count(raw, "completion_tokens", "output_tokens")
    if not has_count(raw, "completion_tokens", "output_tokens"):
        if not has_count(raw, "prompt_tokens", "input_tokens", "prompt_cache_hit_tokens", "prompt_cache_miss_tokens"):
            raise Nonsense("neither input nor output tokens")
        output = max(0, total - prompt)
    details = next((d for name in _INPUT_DETAILS if (d := part(raw, name))), {})
    made = part(raw, "completion_tokens_details") or part(raw, "output_tokens_details")
    reasoning = first_count(made, "reasoning_tokens") or first_count(raw, "reasoning_tokens")
    if reasoning and total == prompt + output + reasoning:
        output += reasoning
    return make_usage(
        input_tokens=prompt,
        cache_read=first_count(details, "cached_tokens") or hit or first_count(raw, *_CACHED),
        cache_write=first_count(details, "cache_write_tokens") or first_count(raw, "cache_creation_input_tokens"),
        output=output,
        reasoning=reasoning,
        cost=_own_cost(raw),
    )


def read_timings(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    """llama.cpp's `timings` as a usage object: what it gives when usage was not asked for; None when it says nothing."""
    if not has_count(raw, "predicted_n"):
        return None
    try:
        cached = count(raw.get("cache_n"))
        prompt = count(raw.get("prompt_n")) + cached
    except Nonsense:
        return None
    return {
        "prompt_tokens": prompt,
        "completion_tokens": raw["predicted_n"],
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def with_timings(usage: object, timings: object) -> object:
    """A usage object, completed by the cached tokens that llama.cpp's `timings` beside it name and it does not."""
    if not isinstance(usage, dict) or not isinstance(timings, dict) or timings.get("cache_n") is None:
        return usage
    details = part(usage, "prompt_tokens_details")
    return {**usage, "prompt_tokens_details": {"cached_tokens": timings["cache_n"], **details}}


def _own_cost(raw: Mapping[str, Any]) -> Decimal | None:
    """The server's own figure in USD.

    A router adds its fee to the upstream cost only where the user brought the upstream's key: it says so, or it says
    nothing and the two differ. With such a key both must be known.
    """
    cost = charged(raw.get("cost"))
    upstream = charged(part(raw, "cost_details").get("upstream_inference_cost"))
    own_key = raw.get("is_byok")
    if own_key is True:
        if cost is None or upstream is None or min(cost, upstream) < 0:
            raise Nonsense("the fee or the upstream cost is missing")
        return cost + upstream
    if cost is not None:
        return (
            cost + upstream
            if own_key is None and upstream and upstream > 0 and upstream != cost and cost >= 0
            else cost
        )
    return _ticks(raw.get("cost_in_usd_ticks"))


def _ticks(value: object) -> Decimal | None:
    from decimal import Decimal

    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return usd(Decimal(value) / _TICKS_PER_USD)
