"""A provider that keeps failing is left alone for a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from llmtui.core.errors import ConnectionFailed, Overloaded, ProviderError, ServerError, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmtui.core.policy import RetryPolicy

_COUNTS = (ConnectionFailed, Overloaded, ServerError, TimedOut)
"""What says that the provider itself is down; a bad key or a bad request does not."""


class CircuitBreaker:
    """Counts each provider's failures in a row; one provider's failures do not touch another's."""

    def __init__(self, policy: RetryPolicy, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._open_until: dict[str, float] = {}

    def succeeded(self, provider: str) -> None:
        self._failures.pop(provider, None)
        self._open_until.pop(provider, None)

    def failed(self, provider: str, error: Exception) -> None:
        """A turn gave up on the provider."""
        if not (isinstance(error, ProviderError) and isinstance(error, _COUNTS)):
            return
        count = self._failures[provider] = self._failures.get(provider, 0) + 1
        if count >= self._policy.breaker_failures:
            self._open_until[provider] = self._clock() + self._policy.breaker_reset_s

    def skips_for(self, provider: str) -> float:
        """Seconds for which the provider is still skipped; 0 when it may be asked. After the time one try is free."""
        return max(0.0, self._open_until.get(provider, 0.0) - self._clock())
