"""A model of the chain, with all that asking it takes: adapter, target, price, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from llmtui.core.cost import Cost, Price
    from llmtui.core.errors import ProviderError
    from llmtui.core.messages import ModelRef
    from llmtui.core.usage import Usage
    from llmtui.providers.base import Speaks, Target
    from llmtui.providers.transport import Transport


class Endpoint(NamedTuple):
    """A model that can be asked now: its key has been found."""

    ref: ModelRef
    adapter: Speaks
    target: Target
    price: Callable[[int], Price | None]
    """The price for so many input tokens, looked up when first needed."""
    cost: Callable[[Usage, str], Cost]
    """What a reported usage costs, given the model named in the answer ('' where none was named)."""
    first_content_s: float = 0.0
    """The provider's own limit to the first content; 0: the general one."""
    demo: bool = False
    explain: Callable[[ProviderError, Transport], Awaitable[None]] | None = None
    """Adds to an error's advice what only the directory knows: where the key came from, which models are near."""
    window: Callable[[], int | None] = lambda: None
    """The context window in tokens, looked up when first needed."""
    max_output_tokens: int | None = None
    """As the provider's own list says it."""
    local: bool = False
    """May take long to its first token."""
    others: Callable[[], Sequence[tuple[ModelRef, Price]]] = tuple
    """Other models that could be asked, with their prices; looked up when the budget refuses this one."""


class Candidate(NamedTuple):
    """A model that may be asked; `resolve` finds its key and raises KeyNotFound or ConfigError."""

    ref: ModelRef
    resolve: Callable[[], Endpoint]
    is_ready: bool = False
    """Its key is known, so that `resolve` does not block."""
    window: Callable[[], int | None] = lambda: None
    """Its context window in tokens, where that is known."""
