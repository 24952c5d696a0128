"""Which providers there are: the config's and the well-known ones, where each one's key is, and each one ready to be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmtui.config.values import ProviderConfig
from llmtui.core.errors import ConfigError, KeyNotFound, LlmtuiError
from llmtui.keys import KeySources, find_key, require_key
from llmtui.providers.base import Target
from llmtui.providers.registry import KNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmtui.config import Config
    from llmtui.paths import Paths

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

    @property
    def key_words(self) -> str:
        """Where its key comes from, for people."""
        if self.name == "demo":
            return "built in, needs no key"
        if self.key_source:
            return self.key_source + (f" (…{self.key_hint})" if self.key_hint else "")
        if self.local:
            return "local, needs no key"
        return "no key" if self.needs_key else "needs no key"


class Roster:
    """Every provider of the config and the registry. Looks keys up when they are needed, and then keeps them."""

    def __init__(
        self, config: Config, environ: Mapping[str, str], paths: Paths, *, base_url: str = "", wire: str = ""
    ) -> None:
        self._config = config
        self._environ = environ
        self.paths = paths
        self._targets: dict[str, Target] = {}
        self._sources: dict[str, str] = {}
        """Where each key that was found came from."""
        # what [providers.custom] says besides (a proxy, headers, insecure_http) is for the server of a --base-url too
        given = config.providers.get(CUSTOM, ProviderConfig())
        self._custom = given._replace(wire=wire, base_url=base_url) if base_url else None

    def names(self) -> list[str]:
        """All providers: the config's first, then the well-known ones."""
        own = [CUSTOM] if self._custom else []
        return list(dict.fromkeys([*own, *self._config.providers, *KNOWN]))

    def _section(self, provider: str) -> ProviderConfig:
        """The provider's settings, completed by what is known of it. Raise ConfigError for one that does not exist."""
        if provider == CUSTOM and self._custom:
            return self._custom
        given, known = self._config.providers.get(provider), KNOWN.get(provider)
        if given is None and known is None:
            import difflib

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

    # ------------------------------------------------------------------------------------------ keys

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
