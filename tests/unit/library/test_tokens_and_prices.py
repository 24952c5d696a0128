"""Counting and prices, as the library offers them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import llmtui
from llmtui import Price
from llmtui.pricing.prices import Prices

if TYPE_CHECKING:
    from tests.unit.library.conftest import Configure


def test_tok_1_counts_say_whether_they_are_exact() -> None:
    """TOK-1: without a vocabulary at hand counts are estimates; of no text they are exact."""
    counts = llmtui.count_tokens_batch(["", "four words of text"], "some/model")
    assert [count.tokens > 0 for count in counts] == [False, True]
    assert [count.exact for count in counts] == [True, False]
    assert llmtui.count_tokens("four words of text", "some/model") == counts[1]


def test_cost_6_prices_are_the_configs_with_ones_own_over_them(configure: Configure) -> None:
    """COST-6."""
    configure('[prices."acme/m"]\ninput = 3.0\noutput = 4.0\n')
    assert isinstance(llmtui.prices, Prices)
    mine = llmtui.prices.with_price("acme/other", Price(Decimal(1), Decimal(2)))
    with llmtui.meter(iter(["x" * 4000]), "acme/m", prices=mine) as first:
        first.collect()
    with llmtui.meter(iter(["x" * 4000]), "acme/other", prices=mine) as second:
        second.collect()
    assert first.cost.estimate is not None
    assert second.cost.estimate == first.cost.estimate / 2
