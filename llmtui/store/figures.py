"""The figures of the usage screen, as values: sums of attempts, latencies, the last hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from llmtui.core.cost import from_nanos

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

Grouping = Literal["total", "day", "week", "month", "provider", "model", "conversation", "topic"]
Trend = Literal["up", "down", "level"]


class Figures(NamedTuple):
    """Sums over a group of attempts. Confirmed and estimated money are never added up."""

    key: str = ""
    """The day, the week's first day, the month `2026-11`, the provider, `provider/model`, the conversation's id, the topic."""
    label: str = ""
    """For people: a conversation's title; else as `key`."""
    requests: int = 0
    errors: Mapping[str, int] = {}
    """By kind, only those that occurred; empty by conversation and by topic."""
    resolved_nanos: int = 0
    estimated_nanos: int = 0
    uncounted: int = 0
    """Attempts whose cost nobody knows."""
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def confirmed(self) -> Decimal:
        """USD."""
        return from_nanos(self.resolved_nanos)

    @property
    def estimated(self) -> Decimal:
        """USD that may be billed and is not confirmed."""
        return from_nanos(self.estimated_nanos)

    @property
    def cost_is_unknown(self) -> bool:
        """There are attempts whose cost nobody knows, and no others that cost anything."""
        return bool(self.uncounted) and not (self.resolved_nanos or self.estimated_nanos)

    @property
    def failed(self) -> int:
        return sum(self.errors.values())

    @property
    def error_rate(self) -> float:
        return self.failed / self.requests if self.requests else 0.0

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens


class Latency(NamedTuple):
    """Percentiles in milliseconds, of attempts that have such a time; None where none has."""

    ttft_p50: float | None = None
    ttft_p95: float | None = None
    duration_p50: float | None = None
    duration_p95: float | None = None
    sampled: bool = False
    """Taken from a random part of the attempts, because there are so many."""


class Hour(NamedTuple):
    """One hour of the recent past."""

    starts_at: int
    """Milliseconds since 1970."""
    requests: int = 0
    failed: int = 0
    rate_limits: int = 0
    resolved_nanos: int = 0
    estimated_nanos: int = 0


class Recent(NamedTuple):
    """What alerts are judged by."""

    requests: int
    errors: Mapping[str, int]
    latency: Latency
    hours: tuple[Hour, ...]
    """Oldest first, every hour of the span."""

    @property
    def error_rate(self) -> float:
        return sum(self.errors.values()) / self.requests if self.requests else 0.0

    @property
    def rate_limits_per_hour(self) -> float:
        """On average over the span."""
        return self.errors.get("rate_limited", 0) / len(self.hours) if self.hours else 0.0


class Overview(NamedTuple):
    """The head of the usage screen."""

    today: Figures
    week: Figures
    month: Figures
    conversations: int
    """With any request, of all time."""
    average_nanos: int
    """Confirmed, for each conversation."""
    trend: Trend
    """The last seven days against the seven before; less than a tenth of change is level."""
    last_week_nanos: int
    week_before_nanos: int


def percentile(values: list[float], share: float) -> float | None:
    """The value that so large a share (0 to 1) is not above, by the nearest rank; `values` are sorted."""
    if not values:
        return None
    rank = -int(-share * len(values) // 1)  # rounded up
    return values[max(0, min(len(values), rank) - 1)]
