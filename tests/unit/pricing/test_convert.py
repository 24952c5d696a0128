"""Bad price data is refused, whole, with what is wrong in it: nothing half-understood may price a request."""

from __future__ import annotations

from typing import Any

import pytest

from llmtui.pricing.convert import compact


def provider(**model: Any) -> list[dict[str, Any]]:
    whole = {"id": "m", "match": {"equals": "m"}, "prices": {"input_mtok": 1, "output_mtok": 2}} | model
    return [{"id": "maker", "models": [whole]}]


@pytest.mark.parametrize("price", [-1, "free", "NaN", "Infinity", True, ""])
def test_an_impossible_price_is_refused(price: Any) -> None:
    with pytest.raises(ValueError, match=r"price that is no number|impossible price"):
        compact(provider(prices={"input_mtok": price, "output_mtok": 1}), taken="2026-11-20", source="test")


def test_a_pattern_that_is_no_regular_expression_is_refused() -> None:
    with pytest.raises(ValueError, match="no regular expression"):
        compact(provider(match={"regex": "("}), taken="2026-11-20", source="test")


def test_a_kind_of_matching_that_is_not_known_is_refused() -> None:
    """Left out, the model's names could fall to a look-alike further down."""
    with pytest.raises(KeyError):
        compact(provider(match={"sounds_like": "m"}), taken="2026-11-20", source="test")


def test_the_date_must_be_one() -> None:
    with pytest.raises(ValueError, match="isoformat"):
        compact(provider(), taken="yesterday", source="test")


def test_what_does_not_concern_text_is_left_out() -> None:
    prices = {"input_mtok": 1, "output_mtok": "2.50", "input_audio_mtok": 9, "web_searches_kcount": 10}
    text = compact(provider(prices=prices, context_window=None), taken="2026-11-20", source="test")
    assert text.splitlines()[1] == (
        '{"id":"maker","fallback":[],"models":[{"id":"m","price":{"in":"1","out":"2.50"}}]}'
    )


def test_an_empty_list_of_prices_is_no_price() -> None:
    text = compact(provider(prices=[]), taken="2026-11-20", source="test")
    assert '"price":null' in text
