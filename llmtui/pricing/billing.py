"""From a reported usage to a bill: the provider's own figure, else tokens × price, else an honest "unknown"."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from llmtui.core.cost import Cost, Resolution, round_to_nanos
from llmtui.core.usage import MAX_TOKENS

if TYPE_CHECKING:
    from datetime import datetime

    from llmtui.core.usage import Usage
    from llmtui.pricing.prices import Prices, Seller

MAX_USD = Decimal(100_000)
"""No request costs more; a figure above it is taken for garbage."""
_TELLING = Decimal("0.01")


def cost_of(
    usage: Usage | None, seller: Seller, model: str, *, at: datetime, prices: Prices, answered_by: str = ""
) -> Cost:
    """What an accepted answer costs, in USD rounded once to the nano-dollar.

    `at` is when the request was sent (aware), `answered_by` the model that the answer names. A usage that is None or
    makes no sense is unknown; one that is an estimate gives an unknown cost with an estimate beside it.
    """
    if usage is None or not _is_sensible(usage):
        return Cost(None, Resolution.UNKNOWN)
    price = prices.price_for(seller, model, at=at, input_tokens=usage.input_tokens, answered_by=answered_by)
    ours = None if price is None else round_to_nanos(price.cost(usage))
    if usage.source == "estimate":
        return Cost(None, Resolution.UNKNOWN, estimate=ours)
    if usage.cost_usd is not None:
        told = round_to_nanos(usage.cost_usd)
        if ours is not None and abs(told - ours) > _TELLING * max(told, ours):
            _warn("%s/%s charged $%s where our price gives $%s", seller.provider, model, told, ours)
        return Cost(told, Resolution.RESOLVED, "provider")
    if price is None:
        return Cost(None, Resolution.UNPRICED)
    return Cost(ours, Resolution.RESOLVED, price.source)


def _is_sensible(usage: Usage) -> bool:
    """False, with a warning, for what no request can have used."""
    counts = (
        usage.input_tokens,
        usage.cache_read_tokens,
        usage.cache_write_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
    )
    told = usage.cost_usd
    if not all(0 <= count <= MAX_TOKENS for count in counts):
        _warn("a usage with impossible counts was reported: %s", counts)
    elif usage.cache_read_tokens + usage.cache_write_tokens > usage.input_tokens:
        _warn("a usage was reported with more cached input than input: %s", counts)
    elif told is not None and not (told.is_finite() and 0 <= told <= MAX_USD):
        _warn("an impossible cost was reported: %s", told)
    elif not any(counts) and not told:
        _warn("a usage of nothing at all was reported")
    else:
        return True
    return False


def _warn(message: str, *facts: object) -> None:
    import logging

    logging.getLogger(__name__).warning(message, *facts)
