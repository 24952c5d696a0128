"""How full the budget's limits by day, week and month are: for `usage` and `doctor`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from llmtui.core.budget import gauges_of, limits_of, standing
from llmtui.core.periods import Scope, local_day, period

if TYPE_CHECKING:
    from llmtui.config import BudgetConfig
    from llmtui.core.budget import Gauge
    from llmtui.store.database import Store


def today(store: Store, settings: BudgetConfig) -> str:
    """The budget day that is booked on now: never before one that was booked on already (a clock set back)."""
    return local_day(datetime.now(UTC), settings.time_zone, not_before=store.ledger.latest_day())


def gauges(store: Store, settings: BudgetConfig) -> tuple[Gauge, ...]:
    """Every limit that is set but for the conversation's, which only a conversation fills."""
    limits = [limit for limit in limits_of(settings) if limit.scope is not Scope.CONVERSATION]
    if not limits:
        return ()
    day = today(store, settings)
    spends = {}
    for scope in {limit.scope for limit in limits}:
        span = period(scope, day, settings.time_zone, week_starts=settings.week_starts)
        if span is not None:
            spends[scope] = store.ledger.spent(first_day=span.first_day, last_day=span.last_day)
    return gauges_of(limits, spends, day=day, settings=settings)


def sentence(gauge: Gauge) -> str:
    """For people: used, limit, percentage, when it begins anew."""
    return f"{gauge.bar(10)} {standing(gauge)}"


def as_dict(gauge: Gauge) -> dict[str, Any]:
    """For scripts; money as a decimal string."""
    is_money = gauge.limit.unit == "usd"
    return {
        "scope": str(gauge.limit.scope),
        "unit": gauge.limit.unit,
        "used": format(gauge.used, "f") if is_money else int(gauge.used),
        "reserved": format(gauge.reserved, "f") if is_money else int(gauge.reserved),
        "limit": format(gauge.limit.amount, "f") if is_money else int(gauge.limit.amount),
        "percent": gauge.percent,
        "uncounted": gauge.uncounted,
        "resets_at": gauge.resets_at.isoformat() if gauge.resets_at else None,
    }
