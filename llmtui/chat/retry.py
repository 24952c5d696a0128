"""When to ask the same model again, and after how long."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from llmtui.core.errors import Overloaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmtui.core.errors import ProviderError
    from llmtui.core.policy import RetryPolicy

OVERLOAD_STRETCH = 1.5
"""A server that says it is overloaded is left alone for longer: 1.5, 3, 6 … s with the default base."""


class Retries:
    """The retries of one model within one turn: counts them, adds up the waits, decides."""

    def __init__(self, policy: RetryPolicy, *, jitter: Callable[[], float] = random.random) -> None:
        self._policy = policy
        self._jitter = jitter
        self.count = 0
        self.waited_s = 0.0

    def next_wait(self, error: ProviderError) -> float | None:
        """Seconds to wait before the next try, counted as taken; None when there is none.

        Jitter only adds, so a wait is never shorter than the provider asked for, and each is at least 1.5 times the one
        before. A wait that would go beyond `max_total_s` is not slept.
        """
        policy = self._policy
        if not error.is_retryable or self.count >= policy.max_retries:
            return None
        backoff = policy.base_s * policy.factor**self.count
        if isinstance(error, Overloaded) and error.status == 503:
            backoff *= OVERLOAD_STRETCH
        backoff = min(backoff, policy.max_wait_s)
        left = policy.max_total_s - self.waited_s
        if error.retry_after_s is not None and error.retry_after_s > 0:
            least, added = error.retry_after_s, min(policy.base_s, error.retry_after_s)
        else:
            least, added = backoff, backoff
        if least > left:
            return None
        wait = min(left, least + self._jitter() * policy.jitter * added)
        self.count += 1
        self.waited_s += wait
        return wait
