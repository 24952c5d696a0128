"""What a model costs at a seller: the config's prices first, then what is free, then the table, then the seller's list.

Always looked up by provider and model together. What is not known stays unknown: a look-alike's price is a wrong bill.
"""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.cost import Price

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from llmtui.pricing.table import PriceTable

FREE = Price(Decimal(0), Decimal(0))
_FREE_BY_CONFIG = Price(Decimal(0), Decimal(0), source="config")
_NONE: Mapping[str, Price] = MappingProxyType({})
_UNSETTLED = ("floor", "nitro", "online", "exacto")
"""OpenRouter's suffixes that let it choose among sellers, or add a fee: what is charged is known only afterwards."""


class Seller(NamedTuple):
    """Who is asked, as configured."""

    provider: str
    wire: str = ""
    base_url: str = ""
    local: bool = False
    """The config says that it costs nothing."""


def _shipped() -> PriceTable:
    from llmtui.pricing.table import PriceTable

    return PriceTable.load()


class Prices:
    """Looks prices up. The table is loaded by the first look-up that needs it, by `table` (the shipped one if left out)."""

    def __init__(
        self,
        overrides: Mapping[str, Price] = _NONE,
        *,
        table: Callable[[], PriceTable] = _shipped,
        listed: Callable[[str, str], Price | None] = lambda _provider, _model: None,
    ) -> None:
        """`overrides` by `provider/model` are the config's prices; `listed` says what a provider's own list says of a
        model, for what the table does not know."""
        self._overrides = overrides
        self._listed = listed
        self._load = table
        self._table: PriceTable | None = None

    @property
    def table(self) -> PriceTable:
        if self._table is None:
            self._table = self._load()
        return self._table

    def with_price(self, model: str, price: Price) -> Prices:
        """The same with a price of your own for `provider/model`."""
        from dataclasses import replace

        changed = Prices(
            {**self._overrides, model: replace(price, source="config")}, table=self._load, listed=self._listed
        )
        changed._table = self._table
        return changed

    def price_for(
        self, seller: Seller, model: str, *, at: datetime, input_tokens: int = 0, answered_by: str = ""
    ) -> Price | None:
        """The price of a request for `model` sent at a moment (aware) with so much input; None where it is unknown.

        `answered_by` is the model that the answer names: its price is taken where there is one, else the one asked for.
        """
        names = [name for name in (answered_by, model) if name]
        for name in names:
            if (price := self._overrides.get(f"{seller.provider}/{name}")) is not None:
                return price
        if seller.local:
            return _FREE_BY_CONFIG
        if seller.wire == "demo":
            return FREE
        if seller.provider == "ollama" or seller.wire == "ollama":
            return FREE if not any(map(_runs_elsewhere, names)) and "ollama.com" not in seller.base_url else None
        provider = self.table.provider_id(seller.provider, seller.base_url)
        if provider == "openrouter":
            suffix = model.rpartition(":")[2]
            if suffix == "free":
                return FREE
            if suffix in _UNSETTLED:
                return None
            names = [name for name in names if name not in ("auto", "openrouter/auto")]
        for name in names:
            plain = name.removeprefix("models/")  # Gemini's lists call its models so
            if provider and (price := self.table.price(provider, plain, at=at, input_tokens=input_tokens)):
                return price
        return next((price for name in names if (price := self._listed(seller.provider, name))), None)

    def window_of(self, seller: Seller, model: str) -> int | None:
        """The context window in tokens that the table knows of a model, for providers that do not list it."""
        if seller.local or seller.wire in ("ollama", "demo"):
            return None
        provider = self.table.provider_id(seller.provider, seller.base_url)
        known = self.table.find(provider, model.removeprefix("models/")) if provider else None
        return known.window if known else None


def _runs_elsewhere(model: str) -> bool:
    """Ollama passes such a model on to its paid cloud: `gpt-oss:120b-cloud`, `glm-4.6:cloud`."""
    tag = model.rpartition(":")[2]
    return tag == "cloud" or tag.endswith("-cloud")
