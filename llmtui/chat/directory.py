"""Which providers there are, and how a model's name becomes something that can be asked: config, registry, keys, prices."""

from __future__ import annotations

import difflib
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from llmtui.chat.candidate import Candidate, Endpoint
from llmtui.chat.compose import AUTO
from llmtui.config.values import ProviderConfig
from llmtui.core.cost import Price
from llmtui.core.errors import (
    AuthenticationFailed,
    ConfigError,
    KeyNotFound,
    LlmtuiError,
    ModelNotFound,
    PermissionDenied,
)
from llmtui.core.messages import ModelRef
from llmtui.keys import KeySources, find_key, require_key
from llmtui.pricing.billing import cost_of
from llmtui.pricing.prices import Prices, Seller
from llmtui.providers.base import ModelInfo, Target
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

CUSTOM = "custom"
"""What the server of a `--base-url` is called."""


class ProviderStatus(NamedTuple):
    """A provider as lists show it."""

    name: str
    wire: str
    base_url: str
    local: bool
    needs_key: bool
    key_source: str
    """`variable NAME`, `command`, `keyring`, `file`, or "" for none."""
    key_hint: str = ""
    """The key's last four characters."""

    @property
    def is_usable(self) -> bool:
        """It could be asked now (whether a local server is running is not known here)."""
        return bool(self.key_source) or not self.needs_key


class Directory:
    """Every provider of the config and the registry. Looks keys up when they are needed, and then keeps them."""

    def __init__(
        self, config: Config, environ: Mapping[str, str], paths: Paths, *, base_url: str = "", wire: str = ""
    ) -> None:
        self._config = config
        self._environ = environ
        self.paths = paths
        self.prices = Prices(config.prices, table=self._table, listed=self._listed_price)
        self._targets: dict[str, Target] = {}
        self._sources: dict[str, str] = {}
        """Where each key that was found came from."""
        self._model_lists: ModelLists | None = None
        # what [providers.custom] says besides (a proxy, headers, insecure_http) is for the server of a --base-url too
        given = config.providers.get(CUSTOM, ProviderConfig())
        self._custom = given._replace(wire=wire, base_url=base_url) if base_url else None

    def forget_prices(self) -> None:
        """There is a newer table: read it at the next look-up."""
        self.prices = Prices(self._config.prices, table=self._table, listed=self._listed_price)

    def _table(self) -> PriceTable:
        """The newest price table there is: refreshed into the cache folder, or shipped."""
        from llmtui.pricing.refresh import newest

        return newest(self.paths.cache)

    # ------------------------------------------------------------------------------------------ names

    def names(self) -> list[str]:
        """All providers: the config's first, then the well-known ones."""
        own = [CUSTOM] if self._custom else []
        return list(dict.fromkeys([*own, *self._config.providers, *KNOWN]))

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

    def local_servers(self) -> list[str]:
        """The providers that run on this machine, where they do."""
        return [name for name in self.names() if self._section(name).local and self._section(name).wire != "demo"]

    def listable(self) -> list[str]:
        """The providers whose model lists are worth asking for: with a key, or on this machine. May block."""
        found = []
        for provider in self.names():
            section = self._section(provider)
            try:
                usable = not self.needs_key(provider) or find_key(self.key_sources(provider), self._environ)
            except LlmtuiError:
                continue
            if usable and (section.wire != "demo"):
                found.append(provider)
        return found

    # ------------------------------------------------------------------------------------------ targets and keys

    def _section(self, provider: str) -> ProviderConfig:
        """The provider's settings, completed by what is known of it. Raise ConfigError for one that does not exist."""
        if provider == CUSTOM and self._custom:
            return self._custom
        given, known = self._config.providers.get(provider), KNOWN.get(provider)
        if given is None and known is None:
            near = difflib.get_close_matches(provider, self.names(), n=1)
            raise ConfigError(
                f"there is no provider “{provider}”",
                advice=(f"Did you mean {near[0]}? " if near else "")
                + f"A server of your own goes into the config as [providers.{provider}], or after --base-url.",
            )
        section = given or ProviderConfig()
        if known is not None:
            section = section._replace(
                wire=section.wire or known.wire,
                base_url=section.base_url or known.base_url,
                local=known.local if section.local is None else section.local,
            )
        if not section.wire or not section.base_url:
            missing = "wire" if not section.wire else "base_url"
            raise ConfigError(
                f"[providers.{provider}] has no {missing}", advice="See `llmtui config init` for an example."
            )
        return section

    def key_sources(self, provider: str) -> KeySources:
        """Where the provider's key may be."""
        section, known = self._section(provider), KNOWN.get(provider)
        customary = known.key_env if known else ()
        return KeySources(
            provider,
            variables=(section.key_env,) if section.key_env else customary,
            command=section.key_command,
            keyring=self._config.keys.keyring,
            keyring_timeout_s=self._config.keys.keyring_timeout_s,
            key_file=self.paths.key_file,
        )

    def needs_key(self, provider: str) -> bool:
        """Whether asking without a key is pointless: a server of the user's own may well be open."""
        known = KNOWN.get(provider)
        section = self._section(provider)
        if section.key_env or section.key_command:
            return True
        is_elsewhere = known is not None and section.base_url == known.base_url
        return known is not None and known.needs_key and is_elsewhere

    def target(self, provider: str) -> Target:
        """The provider, ready to be asked. May block on a keyring the first time. Raise KeyNotFound, ConfigError."""
        if provider in self._targets:
            return self._targets[provider]
        section = self._section(provider)
        secret = None
        if section.wire != "demo":
            sources = self.key_sources(provider)
            if self.needs_key(provider):
                key = require_key(sources, self._environ)
                secret, self._sources[provider] = key.secret, key.source
            else:
                # an open server: a keyring is not woken for it
                found = find_key(sources._replace(keyring=bool(self._config.providers.get(provider))), self._environ)
                if found:
                    secret, self._sources[provider] = found.secret, found.source
        target = Target(
            name=provider,
            wire=section.wire,
            base_url=section.base_url,
            key=secret,
            headers=section.headers,
            proxy=section.proxy,
            ca_file=section.ca_file,
            insecure_http=section.insecure_http,
            local=bool(section.local),
        )
        self._targets[provider] = target
        return target

    def forget_key(self, provider: str) -> None:
        """The key was set or removed: look it up anew next time."""
        self._targets.pop(provider, None)

    def has_key(self, provider: str) -> bool:
        """Whether a key stands in the environment or the like, without waking the keyring."""
        if not self.needs_key(provider):
            return True
        return find_key(self.key_sources(provider)._replace(keyring=False), self._environ) is not None

    def can_ask(self, provider: str) -> bool:
        """Whether a key stands anywhere, the keyring included, or none is needed. May block on it."""
        try:
            return not self.needs_key(provider) or find_key(self.key_sources(provider), self._environ) is not None
        except KeyNotFound:  # a command that gives none
            return False

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

    def statuses(self) -> list[ProviderStatus]:
        """Every provider with its key's source. Asks the keyring, so it may block."""
        found = []
        for provider in self.names():
            section = self._section(provider)
            source = hint = ""
            if section.wire != "demo":
                try:
                    key = find_key(self.key_sources(provider), self._environ)
                except LlmtuiError:
                    key = None
                if key:
                    source, hint = key.source, key.secret.last_four
            found.append(
                ProviderStatus(
                    provider,
                    section.wire,
                    section.base_url,
                    bool(section.local),
                    self.needs_key(provider),
                    source,
                    hint,
                )
            )
        return found

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
