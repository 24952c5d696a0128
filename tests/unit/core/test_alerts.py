"""USE-3: what of the last 24 hours is worth a warning."""

from __future__ import annotations

from decimal import Decimal

import pytest

from llmtui.config import AlertsConfig
from llmtui.core.alerts import FEWEST, alerts_of
from llmtui.core.budget import Gauge, Limit
from llmtui.core.periods import Scope


def alerts(
    requests: int = FEWEST, errors: float = 0.0, ttft: float | None = 0.5, limits: float = 0.0, *gauges: Gauge
) -> tuple[str, ...]:
    return alerts_of(
        AlertsConfig(),
        requests=requests,
        error_rate=errors,
        ttft_p95_s=ttft,
        rate_limits_per_hour=limits,
        gauges=gauges,
    )


@pytest.mark.parametrize(
    ("errors", "ttft", "limits", "said"),
    [
        (0.01, 2.0, 2.0, ()),
        (0.05, None, 0.0, ("5.0% of the requests failed (limit 1.0%)",)),
        (0.0, 2.1, 0.0, ("first token after 2.1 s at the 95th percentile (limit 2 s)",)),
        (0.0, None, 2.5, ("2.5 rate limits an hour (limit 2)",)),
    ],
)
def test_use_3_above_the_limits_and_not_at_them(
    errors: float, ttft: float | None, limits: float, said: tuple[str, ...]
) -> None:
    assert alerts(FEWEST, errors, ttft, limits) == said


def test_use_3_few_requests_are_no_alert() -> None:
    assert alerts(FEWEST - 1, 1.0, 9.0, 9.0) == ()
    assert len(alerts(FEWEST, 1.0, 9.0, 9.0)) == 3


def test_use_3_a_budget_is_one_at_its_limit() -> None:
    limit = Limit(Scope.DAY, "usd", Decimal(5))
    assert alerts(0, 0.0, None, 0.0, Gauge(limit, Decimal("4.99"))) == ()
    [said] = alerts(0, 0.0, None, 0.0, Gauge(limit, Decimal(5)))
    assert said == "today's $5.00 budget is used up: $5.00 of $5.00 (100 %)"
