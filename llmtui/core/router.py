"""`auto`: which of the configured models takes a question, by how hard it looks and by what the budget has left.

A rule of thumb that can be read and explained, not a model: it names the tier it chose and why, and what it saw.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from llmtui.core.errors import ConfigError
from llmtui.core.messages import ModelRef

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LEAN_FROM, MEAN_FROM = 0.75, 0.9
"""From these shares of a budget on, the next lower tier, and the lowest, are taken."""


class Tier(StrEnum):
    """How much a question needs; in rising order."""

    SIMPLE = "simple"
    STANDARD = "standard"
    COMPLEX = "complex"


class RouterSettings(Protocol):
    """The config's `[router]`: models by tier."""

    @property
    def simple(self) -> Sequence[str]: ...
    @property
    def standard(self) -> Sequence[str]: ...
    @property
    def complex(self) -> Sequence[str]: ...


class Route(NamedTuple):
    """The model that was chosen."""

    model: ModelRef
    tier: Tier
    """Of the model."""
    reason: str
    """“complex: code, long question”; for the reader."""


BUILT_IN: dict[Tier, tuple[str, ...]] = {
    Tier.SIMPLE: (
        *("openai/gpt-6-luna", "anthropic/claude-haiku-5-5", "gemini/gemini-3.5-flash-lite"),
        *("mistral/mistral-small-latest", "deepseek/deepseek-chat", "groq/openai/gpt-oss-20b"),
    ),
    Tier.STANDARD: (
        *("openai/gpt-6-sol", "anthropic/claude-sonnet-5-5", "gemini/gemini-3.8-flash"),
        *("mistral/mistral-medium-latest", "deepseek/deepseek-chat", "groq/openai/gpt-oss-120b"),
    ),
    Tier.COMPLEX: (
        *("anthropic/claude-opus-5-5", "openai/gpt-6-astra", "gemini/gemini-3.1-pro-preview"),
        *("xai/grok-4.7", "deepseek/deepseek-reasoner", "mistral/mistral-large-4"),
    ),
}
"""Used while the config names no model in any tier."""

_LONG, _VERY_LONG = 400, 2000
_SHORT = 120
_CODE = re.compile(
    r"```|^\s{0,20}(?:def|class|import|from|function|const|public|fn|SELECT|#include)\b|[{;]\s{0,3}$|\b(?:Traceback|Exception)\b",
    re.MULTILINE,
)
_HARD = re.compile(
    r"\b(?:prove|proof|derive|optimi[sz]e|refactor|debug|architect(?:ure)?|design|analy[sz]e|trade-?offs?|step by step|"
    r"compare and contrast|evaluate|critique|algorithm|complexity|concurren(?:t|cy)|theorem|integral|diagnose|strategy)\b",
    re.IGNORECASE,
)
_EASY = re.compile(
    r"^\s{0,3}(?:what(?:'s| is| are)|who|when|where|define|translate|convert|spell|how (?:many|much|old|far|tall)|hi|hello|hey|thanks?)\b",
    re.IGNORECASE,
)


def tier_of(text: str, *, attachments: int = 0) -> tuple[Tier, tuple[str, ...]]:
    """How hard a question looks, with what speaks for it."""
    signs = []
    if _CODE.search(text):
        signs.append("code")
    hard = len({match.lower() for match in _HARD.findall(text)})
    if hard:
        signs.append("asks for reasoning")
    if len(text) > _LONG:
        signs.append("very long question" if len(text) > _VERY_LONG else "long question")
    if text.count("?") > 2:
        signs.append("several questions")
    if attachments:
        signs.append("attachments")
    score = len(signs) + (hard > 1) + (len(text) > _VERY_LONG)
    if score > 1:
        return Tier.COMPLEX, tuple(signs)
    if not score and len(text) <= _SHORT and _EASY.search(text):
        return Tier.SIMPLE, ("short question",)
    return Tier.STANDARD, tuple(signs) or ("ordinary question",)


def route(
    text: str,
    settings: RouterSettings,
    has_key: Callable[[str], bool],
    *,
    attachments: int = 0,
    budget_used: float = 0.0,
) -> Route:
    """Choose a model for a question. `budget_used` is the fullest limit's share, 1.0 for a full one.

    `has_key` says of a provider whether it could be asked now; no other is ever chosen. Raise ConfigError where none is
    left, or where an entry of the config is no model.
    """
    tiers = {Tier.SIMPLE: settings.simple, Tier.STANDARD: settings.standard, Tier.COMPLEX: settings.complex}
    models: dict[Tier, Sequence[str]] = dict(tiers) if any(tiers.values()) else dict(BUILT_IN)
    wanted, signs = tier_of(text, attachments=attachments)
    reasons = [", ".join(signs)]
    order = list(Tier)
    place = order.index(wanted)
    if budget_used >= LEAN_FROM and place:
        place = 0 if budget_used >= MEAN_FROM else place - 1
        reasons.append(f"{wanted} needed, {int(budget_used * 100)} % of a budget is used")
    chosen = order[place]
    # the nearest tier that can answer, the cheaper of two first
    for tier in sorted(order, key=lambda tier: (abs(order.index(tier) - place), order.index(tier))):
        for name in models[tier]:
            ref = ModelRef.parse(name)
            if has_key(ref.provider):
                if tier is not chosen:
                    reasons.append(f"no {chosen} model has a key")
                return Route(ref, tier, f"{tier}: {'; '.join(reasons)}")
    raise ConfigError(
        "`auto` found no model whose provider has a key",
        advice="Set a key with `llmtui keys set NAME`, or name models that have one in [router] of the config.",
    )
