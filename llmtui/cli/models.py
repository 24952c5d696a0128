"""`llmtui models`: what the providers offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.cli.parse import text
from llmtui.cli.providers import directory_of, open_transport
from llmtui.core.errors import LlmtuiError
from llmtui.waiting import waiting

if TYPE_CHECKING:
    from decimal import Decimal

    from llmtui.chat.directory import Directory
    from llmtui.cli.context import Context
    from llmtui.core.cost import Price
    from llmtui.providers.base import ModelInfo


class Offer(NamedTuple):
    """A model at a provider, with what is known of it; None is unknown."""

    provider: str
    info: ModelInfo
    window: int | None
    price: Price | None
    listed_at: float
    """When the provider was asked for its list, in seconds since 1970; 0: never."""


def list_models(ctx: Context) -> int:
    from llmtui.chat.model_lists import list_all
    from llmtui.chat.runtime import run_blocking

    directory = directory_of(ctx)
    named = ctx.parsed.last("provider")
    names = [text(named, "--provider")] if named else directory.listable()
    targets = [directory.target(name) for name in names]
    with waiting(f"asking {', '.join(names)} …"), open_transport() as transport:
        found, failed = run_blocking(list_all(directory.lists, targets, transport, refresh=ctx.parsed.has("refresh")))
    if named and failed and not found.get(names[0]):
        raise failed[names[0]]
    if ctx.parsed.has("refresh"):
        _refresh_prices(ctx)
    offers = [_offer(directory, name, info) for name in names for info in found.get(name, ())]
    if ctx.parsed.has("json"):
        ctx.out.json([_as_dict(offer) for offer in offers])
    else:
        ctx.out.table(
            ("MODEL", "WINDOW", "INPUT $/M", "OUTPUT $/M"),
            [
                (
                    f"{offer.provider}/{offer.info.name}",
                    "" if offer.window is None else str(offer.window),
                    _amount(offer.price.input if offer.price else None),
                    _amount(offer.price.output if offer.price else None),
                )
                for offer in offers
            ],
            right=(1, 2, 3),
        )
    for name, error in failed.items():
        if not directory.target(name).local or name in ctx.config.providers:
            ctx.notice(f"{name}: {error.sentence}")
    if not offers:
        ctx.notice("no provider lists any model here. Store a key with “llmtui keys set NAME”, or start a local server")
        return 1
    return 0


def _refresh_prices(ctx: Context) -> None:
    """Bring the price table up to date; where that fails, the one from before stays in use."""
    from llmtui.chat.download import refresh_prices
    from llmtui.chat.runtime import run_blocking
    from llmtui.pricing.refresh import newest

    try:
        with open_transport() as transport:
            table = run_blocking(refresh_prices(transport, ctx.paths.cache))
    except (LlmtuiError, OSError) as error:
        said = error.sentence if isinstance(error, LlmtuiError) else f"they cannot be kept: {error.strerror}"
        kept = newest(ctx.paths.cache)
        ctx.notice(f"the prices could not be brought up to date: {said.rstrip('.')}. Those of {kept.date} stay in use")
        return
    ctx.notice(f"prices of {table.date} from {table.source}: {table.price_count():,} models")


def _offer(directory: Directory, provider: str, info: ModelInfo) -> Offer:
    from llmtui.core.messages import ModelRef
    from llmtui.pricing.prices import Seller

    endpoint = directory.endpoint(ModelRef(provider, info.name))
    try:
        price = endpoint.price(0)
    except LlmtuiError:
        price = None
    target = endpoint.target
    seller = Seller(provider, target.wire, target.base_url, target.local)
    window = info.context_window or directory.prices.window_of(seller, info.name)
    return Offer(provider, info, window, price, directory.lists.fetched_at(provider))


def _as_dict(offer: Offer) -> dict[str, Any]:
    info, price = offer.info, offer.price
    return {
        "provider": offer.provider,
        "model": info.name,
        "id": f"{offer.provider}/{info.name}",
        "display_name": info.display_name or None,
        "context_window": offer.window,
        "max_output_tokens": info.max_output_tokens,
        "takes_images": info.takes_images,
        "reasons": info.reasons,
        "shutdown_date": info.shutdown_date or None,
        "listed_at": _moment(offer.listed_at),
        "price_per_million_usd": price
        and {
            "input": _amount(price.input),
            "output": _amount(price.output),
            "cache_read": _amount(price.cache_read) or None,
            "cache_write": _amount(price.cache_write) or None,
            "source": price.source,
            "as_of": price.as_of or None,
        },
    }


def _moment(seconds: float) -> str | None:
    """ISO 8601 in UTC; None for never."""
    from datetime import UTC, datetime

    return (
        datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if seconds else None
    )


def _amount(value: Decimal | None) -> str:
    """A price as a plain decimal, without zeros at its end."""
    if value is None:
        return ""
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
