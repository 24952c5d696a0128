"""Which price counts: the config's, the free ones, the table's, the seller's own list. COST-2, COST-6, P13, P21."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from llmtui.core.cost import Price
from llmtui.pricing.prices import Prices, Seller
from llmtui.pricing.table import PriceTable

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
OPENAI = Seller("openai", "openai-responses")
OLLAMA = Seller("ollama", "ollama", "http://localhost:11434")
ROUTER = Seller("openrouter", "openrouter")
DEAR = Price(Decimal(100), Decimal(200))
PRICES = Prices()


def price(seller: Seller, model: str, prices: Prices = PRICES, answered_by: str = "") -> Price | None:
    return prices.price_for(seller, model, at=NOON, answered_by=answered_by)


def input_price(seller: Seller, model: str, answered_by: str = "") -> Decimal | None:
    found = price(seller, model, answered_by=answered_by)
    return found.input if found else None


def test_the_table_is_asked_by_provider_and_model_together() -> None:
    found = price(OPENAI, "gpt-4o")
    assert found is not None
    assert (found.input, found.output, found.cache_read) == (Decimal("2.5"), Decimal(10), Decimal("1.25"))
    assert (found.source, found.as_of) == ("price_table", PriceTable.load().date)
    assert price(Seller("anthropic"), "gpt-4o") is None


def test_the_configs_price_goes_before_all_others() -> None:
    """COST-6: overridden by the config, also for what would be free."""
    prices = Prices({"openai/gpt-4o": DEAR}).with_price("ollama/qwen3", DEAR)
    assert price(OPENAI, "gpt-4o", prices) == DEAR
    found = price(OLLAMA, "qwen3", prices)
    assert found is not None
    assert (found.input, found.source) == (Decimal(100), "config")
    assert price(OPENAI, "gpt-4o", prices, answered_by="gpt-4o-2024-08-06") == DEAR
    assert price(OPENAI, "gpt-4o") != DEAR


def test_ollamas_own_models_cost_a_true_nothing() -> None:
    """P13; and a local model is never taken for the hosted one of its name."""
    found = price(OLLAMA, "deepseek-r1:8b")
    assert found is not None
    assert found.is_zero


@pytest.mark.parametrize("model", ["gpt-oss:120b-cloud", "glm-4.6:cloud"])
def test_what_ollama_passes_on_to_its_cloud_has_no_price(model: str) -> None:
    """Also where the answer names it without the suffix."""
    assert price(OLLAMA, model) is None
    assert price(OLLAMA, model, answered_by=model.partition(":")[0]) is None


def test_ollamas_own_service_is_not_local() -> None:
    assert price(Seller("ollama", "ollama", "https://ollama.com"), "gpt-oss:120b") is None


def test_local_by_config_is_free_and_another_address_on_this_machine_is_not() -> None:
    """It may be a paid proxy."""
    found = price(Seller("box", "openai", "http://127.0.0.1:8000/v1", local=True), "anything")
    assert found is not None
    assert (found.is_zero, found.source) == (True, "config")
    assert price(Seller("box", "openai", "http://127.0.0.1:8000/v1"), "gpt-4o") is None


def test_a_provider_of_another_name_is_known_by_its_address() -> None:
    assert input_price(Seller("work", "openai", "https://api.openai.com/v1"), "gpt-4o") == Decimal("2.5")


def test_the_demo_costs_nothing() -> None:
    found = price(Seller("demo", "demo"), "demo")
    assert found is not None
    assert found.is_zero


def test_openrouters_suffixes() -> None:
    """`:free` is 0, `:floor`, `:online` and `auto` have no price of their own."""
    assert input_price(ROUTER, "openai/gpt-4o") == Decimal("2.5")
    assert input_price(ROUTER, "brand-new/model:free") == 0
    for name in ("openai/gpt-4o:floor", "openai/gpt-4o:online", "openai/gpt-4o:nitro", "auto", "openrouter/auto"):
        assert input_price(ROUTER, name) is None


def test_the_price_is_that_of_the_model_that_answered() -> None:
    """P21: where there is one for it, else of the model asked for."""
    assert input_price(OPENAI, "gpt-4o", answered_by="gpt-4o-mini") == Decimal("0.15")
    assert input_price(OPENAI, "gpt-4o", answered_by="gpt-4o-weird-snapshot") == Decimal("2.5")
    assert input_price(ROUTER, "openrouter/auto", answered_by="openai/gpt-4o") == Decimal("2.5")
    assert input_price(ROUTER, "deepseek/deepseek-r1:free", answered_by="deepseek/deepseek-r1") == 0
    assert input_price(ROUTER, "openai/gpt-4o:floor", answered_by="openai/gpt-4o") is None


def test_geminis_list_calls_its_models_so() -> None:
    seller = Seller("gemini", "gemini")
    assert input_price(seller, "models/gemini-2.5-pro") == input_price(seller, "gemini-2.5-pro") == Decimal("1.25")


def test_the_sellers_own_list_helps_where_the_table_does_not() -> None:
    def said(provider: str, model: str) -> Price | None:
        return DEAR if (provider, model) in {("openrouter", "new/model"), ("openai", "gpt-4o")} else None

    listed = Prices(listed=said)
    assert price(ROUTER, "new/model", listed) == DEAR
    assert price(ROUTER, "new/model:floor", listed) is None
    assert price(OPENAI, "gpt-4o", listed) != DEAR


def test_the_table_is_not_loaded_for_what_needs_none() -> None:
    """COST-6, and `--once`'s start: free and overridden models look nothing up; one table is loaded for all others."""
    loads = []

    def load() -> PriceTable:
        loads.append(1)
        return PriceTable.load()

    prices = Prices({"openai/gpt-4o": DEAR}, table=load)
    price(OLLAMA, "qwen3", prices)
    price(OPENAI, "gpt-4o", prices)
    assert prices.window_of(OLLAMA, "qwen3") is None
    assert loads == []
    price(OPENAI, "gpt-4.1", prices)
    changed = prices.with_price("openai/x", DEAR)
    price(OPENAI, "gpt-4.1-mini", changed)
    assert loads == [1]


def test_windows_come_with_the_table() -> None:
    """PRV-5: for providers whose lists do not say them."""
    assert PRICES.window_of(Seller("anthropic"), "claude-haiku-4-5") == 200_000
    assert PRICES.window_of(Seller("anthropic"), "unknown") is None
    assert PRICES.window_of(Seller("nobody"), "unknown") is None
