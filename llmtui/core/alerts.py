"""What of the last 24 hours is worth a warning: for the status bar and the doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmtui.core.budget import Gauge

FEWEST = 20
"""Requests; with fewer, one failure would already be an alert."""


class AlertSettings(Protocol):
    """The config's `[alerts]`."""

    @property
    def error_rate(self) -> float: ...
    @property
    def ttft_p95_s(self) -> float: ...
    @property
    def rate_limits_per_hour(self) -> float: ...


def alerts_of(
    settings: AlertSettings,
    *,
    requests: int,
    error_rate: float,
    ttft_p95_s: float | None,
    rate_limits_per_hour: float,
    gauges: Iterable[Gauge] = (),
) -> tuple[str, ...]:
    """Short sentences, the most urgent first; the figures are of the last 24 hours, the gauges of the budgets."""
    found = [
        f"{gauge.limit.name} budget is used up: {gauge.text}" for gauge in gauges if gauge.used >= gauge.limit.amount
    ]
    if requests < FEWEST:
        return tuple(found)
    if error_rate > settings.error_rate:
        found.append(f"{error_rate:.1%} of the requests failed (limit {settings.error_rate:.1%})")
    if ttft_p95_s is not None and ttft_p95_s > settings.ttft_p95_s:
        found.append(f"first token after {ttft_p95_s:.1f} s at the 95th percentile (limit {settings.ttft_p95_s:g} s)")
    if rate_limits_per_hour > settings.rate_limits_per_hour:
        found.append(f"{rate_limits_per_hour:.1f} rate limits an hour (limit {settings.rate_limits_per_hour:g})")
    return tuple(found)
