"""The limits a turn works within: time, retries. Plain values with the documented defaults."""

from __future__ import annotations

from typing import NamedTuple


class Timeouts(NamedTuple):
    """Seconds. Content is text or reasoning; keep-alive comments are none."""

    connect_s: float = 10.0
    first_content_s: float = 30.0
    first_content_slow_s: float = 300.0
    """For requests that reason and for local servers."""
    idle_s: float = 30.0
    after_finish_s: float = 2.0
    """How long usage and the terminal mark are awaited after a finish reason."""


class RetryPolicy(NamedTuple):
    """Exponential backoff; jitter is only ever added."""

    max_retries: int = 5
    base_s: float = 1.0
    factor: float = 2.0
    max_wait_s: float = 32.0
    max_total_s: float = 60.0
    """A longer Retry-After is not slept."""
    jitter: float = 0.25
    breaker_failures: int = 3
    breaker_reset_s: float = 60.0
