"""Seven figures for many values."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmtui.store.figures import percentile

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMES = ("min", "mean", "p50", "p90", "p95", "p99", "max")


class Spread(NamedTuple):
    """How values are distributed, in the unit of the values."""

    min: float
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float


def spread(values: Iterable[float]) -> Spread | None:
    """The figures, percentiles by the nearest rank; None for no values."""
    ordered = sorted(values)
    if not ordered:
        return None
    p50, p90, p95, p99 = (percentile(ordered, share) or 0.0 for share in (0.5, 0.9, 0.95, 0.99))
    return Spread(ordered[0], sum(ordered) / len(ordered), p50, p90, p95, p99, ordered[-1])
