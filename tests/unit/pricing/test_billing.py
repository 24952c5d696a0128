"""From usage to bill: COST-1, COST-2, P11–P21, and money.md's worked figures to the last digit."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from llmtui.core.cost import Cost, Price, Resolution
from llmtui.core.usage import MAX_TOKENS, Usage
from llmtui.pricing.billing import cost_of
from llmtui.pricing.prices import Prices, Seller

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
UNKNOWN = Cost(None, Resolution.UNKNOWN)


def bill(usage: Usage | None, provider: str = "openai", model: str = "gpt-4o", prices: Prices | None = None) -> Cost:
    return cost_of(usage, Seller(provider), model, at=NOON, prices=prices or Prices())


@pytest.mark.parametrize(
    ("provider", "model", "usage", "cost"),
    [
        ("openai", "gpt-4o", Usage(150, output_tokens=300), "0.003375"),
        ("anthropic", "claude-sonnet-4-5", Usage(10_000, 6_000, 2_000, 500), "0.0228"),
        ("anthropic", "claude-haiku-4-5", Usage(10_000, 6_000, 2_000, 500), "0.0076"),
        ("gemini", "gemini-2.5-pro", Usage(200_000, output_tokens=1_000), "0.260"),
        ("gemini", "gemini-2.5-pro", Usage(200_001, output_tokens=1_000), "0.5150025"),
    ],
)
def test_worked_figures(provider: str, model: str, usage: Usage, cost: str) -> None:
    """COST-1, P17: cached and written tokens are priced once; a tier applies to the whole request."""
    assert bill(usage, provider, model) == Cost(Decimal(cost), Resolution.RESOLVED, "price_table")


def test_reasoning_is_not_added_on_top_of_output() -> None:
    """P18."""
    assert bill(Usage(100, output_tokens=300, reasoning_tokens=200)) == bill(Usage(100, output_tokens=300))


def test_without_usage_the_cost_is_unknown() -> None:
    """P11: never 0."""
    assert bill(None) == UNKNOWN


def test_without_a_price_it_is_unpriced() -> None:
    """P12."""
    assert bill(Usage(10, output_tokens=5), model="never-heard-of") == Cost(None, Resolution.UNPRICED)


def test_a_true_zero_is_resolved() -> None:
    """P13."""
    assert bill(Usage(10, output_tokens=5), "ollama", "qwen3") == Cost(Decimal(0), Resolution.RESOLVED, "price_table")
    told = Usage(10, output_tokens=5, cost_usd=Decimal(0))
    assert bill(told, "openrouter", "some/model") == Cost(Decimal(0), Resolution.RESOLVED, "provider")


def test_the_providers_own_figure_goes_first_and_a_difference_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """P14: where they differ by more than 1 %."""
    close = Usage(150, output_tokens=300, cost_usd=Decimal("0.0034"))
    with caplog.at_level(logging.WARNING):
        assert bill(close) == Cost(Decimal("0.0034"), Resolution.RESOLVED, "provider")
        assert caplog.messages == []
        far = Usage(150, output_tokens=300, cost_usd=Decimal("0.0035"))
        assert bill(far).amount == Decimal("0.0035")
    assert caplog.messages == ["openai/gpt-4o charged $0.0035 where our price gives $0.003375"]


def test_the_providers_figure_stands_without_a_price_of_ours() -> None:
    told = Usage(10, output_tokens=5, cost_usd=Decimal("0.01"))
    assert bill(told, "openrouter", "new/model") == Cost(Decimal("0.01"), Resolution.RESOLVED, "provider")


@pytest.mark.parametrize(
    "usage",
    [
        Usage(-1, output_tokens=5),
        Usage(10, output_tokens=-5),
        Usage(MAX_TOKENS + 1),
        Usage(10, 6, 5, 1),
        Usage(),
        Usage(cost_usd=Decimal(0)),
        Usage(10, output_tokens=5, cost_usd=Decimal("-0.1")),
        Usage(10, output_tokens=5, cost_usd=Decimal("NaN")),
        Usage(10, output_tokens=5, cost_usd=Decimal("Infinity")),
        Usage(10, output_tokens=5, cost_usd=Decimal(100_001)),
    ],
)
def test_what_cannot_be_is_unknown_with_a_warning(usage: Usage, caplog: pytest.LogCaptureFixture) -> None:
    """P19."""
    with caplog.at_level(logging.WARNING):
        assert bill(usage) == UNKNOWN
    assert len(caplog.messages) == 1


def test_one_of_the_two_counts_may_be_missing() -> None:
    """P19: Ollama leaves out counts that are zero."""
    assert bill(Usage(0, output_tokens=5), "ollama", "qwen3").resolution is Resolution.RESOLVED
    assert bill(Usage(5), "ollama", "qwen3").resolution is Resolution.RESOLVED


def test_an_estimated_usage_is_an_estimate_never_a_cost() -> None:
    """P11: unknown, with an estimate beside it."""
    guess = Usage(150, output_tokens=300, source="estimate")
    assert bill(guess) == Cost(None, Resolution.UNKNOWN, estimate=Decimal("0.003375"))
    assert bill(guess, model="never-heard-of") == UNKNOWN


def test_a_config_price_is_named_as_the_source() -> None:
    prices = Prices().with_price("openai/gpt-4o", Price(Decimal(1), Decimal(1)))
    assert bill(Usage(500_000, output_tokens=500_000), prices=prices) == Cost(Decimal(1), Resolution.RESOLVED, "config")


def test_it_is_rounded_once_to_the_nano_dollar_half_even() -> None:
    """P22, P23: what is shown is what the row holds."""
    half = Prices({"openai/gpt-4o": Price(Decimal("0.0005"), Decimal(0))})
    costs = [bill(Usage(count), prices=half).amount for count in (1, 3, 5)]
    assert costs == [Decimal(0), Decimal("0.000000002"), Decimal("0.000000002")]
