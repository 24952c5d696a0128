"""Which other models could be asked, with their prices: what a refusal by the budget may name as a way out.

Only models that are known to be there: those that the config names, those on the lists of providers that can be asked,
and, where none of these is at the same provider, the nearest relatives of the model asked for in the price table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmtui.core.errors import LlmtuiError
from llmtui.core.messages import ModelRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from llmtui.chat.directory import Directory
    from llmtui.config import Config
    from llmtui.core.cost import Price

_NO_CHAT = re.compile(
    r"\bft\b|-$|audio|realtime|image|embed|tts|transcri|search|moderation|instruct|computer|guard|ocr|preview"
)
_MOST = 400
"""So many models are looked at; a router lists more, but not cheaper ones that matter."""


def alternatives(directory: Directory, config: Config, asked: ModelRef) -> list[tuple[ModelRef, Price]]:
    """The models that could be asked instead, each once, with its price. Reads caches and the environment alone."""
    found = _priced(directory, _known(directory, config, asked), asked)
    if not any(ref.provider == asked.provider for ref in found):
        found |= _priced(directory, _relatives(directory, asked), asked)
    return list(found.items())


def _priced(directory: Directory, candidates: Iterable[ModelRef], asked: ModelRef) -> dict[ModelRef, Price]:
    found: dict[ModelRef, Price] = {}
    usable: dict[str, bool] = {}
    for ref in candidates:
        if len(found) >= _MOST:
            break
        if ref == asked or ref in found or _NO_CHAT.search(ref.name):
            continue
        if ref.provider == "demo" != asked.provider:  # free, but no answer
            continue
        try:
            price = directory.price(ref)
            if price is not None and ref.provider not in usable:
                usable[ref.provider] = _is_usable(directory, ref.provider)
        except LlmtuiError:  # a provider that nobody configured, a key that cannot be one
            continue
        if price is not None and usable[ref.provider]:
            found[ref] = price
    return found


def _is_usable(directory: Directory, provider: str) -> bool:
    """A key_command is taken for a key: a password manager is not to be woken for a suggestion."""
    return bool(directory.key_sources(provider).command) or directory.has_key(provider)


def _known(directory: Directory, config: Config, asked: ModelRef) -> Iterator[ModelRef]:
    """What the config names, and what is on the providers' lists."""
    router = config.router
    named: Sequence[str] = (
        config.model, *config.fallback, *router.simple, *router.standard, *router.complex, *config.prices
    )  # fmt: skip
    yield from (ModelRef.parse(name) for name in named if "/" in name)
    for provider in dict.fromkeys([asked.provider, *config.providers, *directory.names()]):
        section = config.providers.get(provider)
        yield from (ModelRef(provider, entry.name) for entry in (section.models if section else ()))
        yield from (ModelRef(provider, info.name) for info in directory.lists.cached(provider))


def _relatives(directory: Directory, asked: ModelRef) -> list[ModelRef]:
    """The models of the same family that the price table knows at the same provider."""
    table = directory.prices.table
    provider = table.provider_id(asked.provider, directory.seller(asked.provider).base_url)
    names = table.names(provider) if provider else []
    return [ModelRef(asked.provider, name) for name in names if name.startswith(family(asked.name))]


def family(name: str) -> str:
    """What the names of a model's relatives begin with: `gpt-5` of `gpt-5-mini`, `claude` of `claude-sonnet-4-5`."""
    first, _, rest = name.partition("-")
    second = rest.partition("-")[0]
    return f"{first}-{second}" if second[:1].isdigit() else first
