"""Token counts, normalised: input includes cached, output includes reasoning, whatever the provider calls them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from decimal import Decimal

MAX_TOKENS = 10**9
"""More tokens than any request can have; a count above it is taken for garbage."""
MESSAGE_TOKENS = 4
"""What a chat format adds to each message."""
REPLY_TOKENS = 3
"""What it adds once, to begin the reply."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one attempt."""

    input_tokens: int = 0
    """All input, cache reads and writes included."""
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    """All output, reasoning included."""
    reasoning_tokens: int = 0
    source: Literal["provider", "estimate"] = "provider"
    cost_usd: Decimal | None = None
    """The provider's own total for the request, fees included; None when it gives none."""

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def uncached_input_tokens(self) -> int:
        return max(0, self.input_tokens - self.cache_read_tokens - self.cache_write_tokens)
