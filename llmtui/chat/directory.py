"""How a model's name becomes something that can be asked: its provider, its window, its price."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from llmtui.chat.candidate import Candidate, Endpoint
from llmtui.chat.compose import AUTO
from llmtui.chat.roster import Roster
from llmtui.config.values import ProviderConfig
from llmtui.core.cost import Price
from llmtui.core.errors import (
    AuthenticationFailed,
    ConfigError,
    LlmtuiError,
    ModelNotFound,
    PermissionDenied,
)
from llmtui.core.messages import ModelRef
from llmtui.keys import find_key
from llmtui.pricing.billing import cost_of
from llmtui.pricing.prices import Prices, Seller
from llmtui.providers.base import ModelInfo
from llmtui.providers.registry import KNOWN, adapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.chat.model_lists import ModelLists
    from llmtui.config import Config
    from llmtui.core.cost import Cost
    from llmtui.core.errors import ProviderError
    from llmtui.core.usage import Usage
    from llmtui.paths import Paths
    from llmtui.pricing.table import PriceTable
    from llmtui.providers.transport import Transport


class Directory(Roster):
    """The roster with its models: their lists, windows and prices."""

    def __init__(
        self, config: Config, environ: Mapping[str, str], paths: Paths, *, base_url: str = "", wire: str = ""
    ) -> None:
        super().__init__(config, environ, paths, base_url=base_url, wire=wire)
        self.prices = Prices(config.prices, table=self._table, listed=self._listed_price)
        self._model_lists: ModelLists | None = None

    def forget_prices(self) -> None:
        """There is a newer table: read it at the next look-up."""
        self.prices = Prices(self._config.prices, table=self._table, listed=self._listed_price)

    def _table(self) -> PriceTable:
        """The newest price table there is: refreshed into the cache folder, or shipped."""
        from llmtui.pricing.refresh import newest

        return newest(self.paths.cache)

    # ------------------------------------------------------------------------------------------ names

    def find_model(self, text: str) -> ModelRef:
        """`PROVIDER/MODEL`, or a bare name that exactly one provider is known to have. Raise ConfigError where it is not
        clear what is meant, ModelNotFound for a bare name that nobody is known to have."""
        if text == "auto":
            return AUTO
        if "/" in text:
            ref = ModelRef.parse(text)
            self._section(ref.provider)
            return ref
        return self._find_bare(text)

    def _find_bare(self, name: str) -> ModelRef:
        found = [
            ModelRef(provider, name)
            for provider in self.names()
            if name in self._listed_names(provider) or self._is_in_price_table(provider, name)
        ]
        usable = [ref for ref in found if self.has_key(ref.provider)]
        chosen = usable if usable and len(found) > 1 else found
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            raise ConfigError(
                f"“{name}” is offered by {', '.join(ref.provider for ref in chosen)}",
                advice=f"Say which: -m {chosen[0]}.",
            )
        import difflib

        offered = {each: provider for provider in reversed(self.names()) for each in self._listed_names(provider)}
        near = [f"{offered[each]}/{each}" for each in difflib.get_close_matches(name, offered, n=3)]
        raise ModelNotFound(
            f"no provider is known to have a model “{name}”",
            advice=(f"Did you mean {', '.join(near)}?" if near else "Write PROVIDER/MODEL;")
            + " `llmtui models` lists what there is.",
            model=name,
        )

    def _listed_names(self, provider: str) -> set[str]:
        return {info.name for info in self.lists.cached(provider)}

    def _named(self, provider: str) -> list[ModelInfo]:
        """The models that the config names for a provider."""
        section = self._config.providers.get(provider)
        entries = section.models if section else ()
        return [ModelInfo(entry.name, entry.context_window, entry.max_output_tokens) for entry in entries]

    def _is_in_price_table(self, provider: str, name: str) -> bool:
        if provider not in KNOWN or KNOWN[provider].local or provider == "openrouter":
            return False
        table = self.prices.table
        known = table.provider_id(provider)
        model = table.find(known, name) if known else None
        return model is not None and model.id == name

    @property
    def lists(self) -> ModelLists:
        """The providers' model lists; read from the cache folder when somebody first asks."""
        if self._model_lists is None:
            from llmtui.chat.model_lists import ModelLists

            self._model_lists = ModelLists(
                self.paths.cache, address_of=lambda name: self._section(name).base_url, named=self._named
            )
        return self._model_lists

    def first_usable(self) -> ModelRef | None:
        """The default model of the first provider with a key, else of a local server whose models are known."""
        for provider in self.names():
            known = KNOWN.get(provider)
            section = self._section(provider)
            if section.wire == "demo" or not self.needs_key(provider):
                continue
            if find_key(self.key_sources(provider), self._environ) is not None:
                name = self._default_model(provider, known.default_model if known else "")
                if name:
                    return ModelRef(provider, name)
        return None

    def _default_model(self, provider: str, known: str) -> str:
        section = self._config.providers.get(provider)
        if section and section.models:
            return section.models[0].name
        listed = self.lists.cached(provider)
        return known or (listed[0].name if listed else "")

    # ------------------------------------------------------------------------------------------ asking

    async def _explain(self, error: ProviderError, ref: ModelRef, transport: Transport) -> None:
        """Complete the advice of a refusal by what is known here: the key's source, the names that are near."""
        from llmtui.chat.advice import NAMES_S, missing_model, refused_key

        if isinstance(error, AuthenticationFailed | PermissionDenied):
            error.advice = refused_key(ref.provider, self._sources.get(ref.provider, ""))
        elif isinstance(error, ModelNotFound):
            names = [info.name for info in self.lists.cached(ref.provider)]
            if not names and error.ABOUT_MODEL in error.message:  # else nothing is there that could list any
                with suppress(LlmtuiError):
                    found = await self.lists.fetch(self.target(ref.provider), transport, limit_s=NAMES_S)
                    names = [info.name for info in found]
            error.advice = missing_model(ref, names, error.advice)

    def _listed(self, ref: ModelRef) -> ModelInfo | None:
        """The model as the provider's list had it when it was last asked, or as the config says."""
        return next((info for info in self.lists.cached(ref.provider) if info.name == ref.name), None)

    def _listed_price(self, provider: str, name: str) -> Price | None:
        """What the provider's own list says that a model costs; None where it says nothing."""
        info = self._listed(ModelRef(provider, name))
        if info is None or info.input_price is None or info.output_price is None:
            return None
        return Price(info.input_price, info.output_price, info.cache_read_price, info.cache_write_price)

    def window(self, ref: ModelRef) -> int | None:
        """The model's context window in tokens, from its provider's list, the config or the price table."""
        listed = self._listed(ref)
        if listed and listed.context_window:
            return listed.context_window
        section = self._section(ref.provider)
        seller = Seller(ref.provider, section.wire, section.base_url, bool(section.local))
        return self.prices.window_of(seller, ref.name)

    def seller(self, provider: str) -> Seller:
        """The provider as prices are looked up by. Only what the config itself calls local costs nothing."""
        section = self._section(provider)
        is_free = bool(self._config.providers.get(provider, ProviderConfig()).local)
        return Seller(provider, section.wire, section.base_url, is_free)

    def price(self, ref: ModelRef, input_tokens: int = 0) -> Price | None:
        """What the model costs now; None where that is not known. Raise ConfigError for no such provider."""
        return self.prices.price_for(
            self.seller(ref.provider), ref.name, at=datetime.now(UTC), input_tokens=input_tokens
        )

    def candidate(self, ref: ModelRef) -> Candidate:
        """The model as a link of a chain; its key is looked up when its turn comes."""
        return Candidate(ref, lambda: self.endpoint(ref), ref.provider in self._targets, lambda: self.window(ref))

    def endpoint(self, ref: ModelRef) -> Endpoint:
        """The model, ready to be asked. Raise KeyNotFound, ConfigError."""
        target = self.target(ref.provider)
        seller = self.seller(ref.provider)
        prices, at = self.prices, datetime.now(UTC)  # one moment: a price that changes meanwhile is not this turn's

        def price(input_tokens: int) -> Price | None:
            return prices.price_for(seller, ref.name, at=at, input_tokens=input_tokens)

        def cost(usage: Usage, answered_by: str) -> Cost:
            return cost_of(usage, seller, ref.name, at=at, prices=prices, answered_by=answered_by)

        listed = self._listed(ref)
        return Endpoint(
            ref=ref,
            adapter=adapter(target.wire),
            target=target,
            price=price,
            cost=cost,
            first_content_s=self._section(ref.provider).timeout_first_s,
            demo=target.wire == "demo",
            explain=lambda error, transport: self._explain(error, ref, transport),
            window=lambda: self.window(ref),
            max_output_tokens=listed.max_output_tokens if listed else None,
            local=target.local,
            others=lambda: self._others(ref),
        )

    def _others(self, ref: ModelRef) -> list[tuple[ModelRef, Price]]:
        from llmtui.chat.alternatives import alternatives

        return alternatives(self, self._config, ref)
