"""The worst case of a request: P26, and what it means for the output limit that is sent."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from llmtui.core.cost import Price, to_nanos
from llmtui.core.reservation import (
    IMAGE_BOUND,
    MIN_OUTPUT_TOKENS,
    Reservation,
    Unaffordable,
    input_bound,
    reserve,
)
from llmtui.core.usage import Usage

GPT_4O = Price(Decimal("2.5"), Decimal(10))
ONE_A_TOKEN = Price(Decimal(1_000_000), Decimal(1_000_000))
"""A dollar a token: figures can be followed in the head."""


def reserved(result: Reservation | Unaffordable) -> Reservation:
    assert isinstance(result, Reservation)
    return result


def test_input_bound_takes_the_exact_count_where_there_is_one() -> None:
    """P26: the tokenizer's count where it is exact."""
    assert input_bound(10**6, 10**6, messages=3, exact=42) == 42


def test_input_bound_is_the_smaller_of_bytes_and_half_as_much_again_plus_200() -> None:
    """P26: short texts are bounded by their bytes (and the frames of the chat format), long ones by the estimate."""
    assert input_bound(8, 2, messages=1) == 8 + 32
    assert input_bound(40_000, 10_001, messages=1) == 15_002 + 200


def test_each_image_counts_with_what_it_takes_at_most() -> None:
    assert input_bound(0, 0, messages=1, exact=10, images=2) == 10 + 2 * IMAGE_BOUND


def test_without_a_budget_no_limit_is_sent_unless_asked_or_demanded() -> None:
    """P26: an output limit without a money budget only where the provider demands it."""
    assert reserved(reserve(GPT_4O, 100, model_limit=16_384)).output_limit is None
    assert reserved(reserve(GPT_4O, 100, model_limit=16_384, limit_demanded=True)).output_limit == 16_384
    assert reserved(reserve(GPT_4O, 100, asked=500, model_limit=16_384)).output_limit == 500


def test_the_smallest_of_asked_model_window_and_budget_is_sent() -> None:
    """P26: each of the four can be the smallest."""
    plenty = Decimal(1000)
    assert reserved(reserve(GPT_4O, 100, asked=50, model_limit=9000, room=9000, usd_left=plenty)).output_limit == 50
    assert reserved(reserve(GPT_4O, 100, asked=9000, model_limit=70, room=9000, usd_left=plenty)).output_limit == 70
    assert reserved(reserve(GPT_4O, 100, asked=9000, model_limit=9000, room=80, usd_left=plenty)).output_limit == 80
    bound = reserved(reserve(ONE_A_TOKEN, 100, asked=9000, usd_left=Decimal(3100)))
    assert bound.output_limit == 3000
    assert bound.usd == 3100
    assert bound.tokens == 3100


def test_a_64k_model_does_not_refuse_a_5_dollar_day_at_four_fifths() -> None:
    """P26: the budget makes the limit smaller, and says so, before it refuses."""
    price = Price(Decimal(5), Decimal(25))
    result = reserved(reserve(price, 2000, model_limit=64_000, usd_left=Decimal(1)))
    assert result.output_limit == 39_600
    assert result.budget_binds
    assert not reserved(reserve(price, 2000, model_limit=64_000, usd_left=Decimal(5))).budget_binds


def test_less_than_a_short_answer_is_refused_by_how_much() -> None:
    """P26, BUD-3: never under 1,024; at exactly the limit it passes."""
    just = Decimal(100 + MIN_OUTPUT_TOKENS)
    assert reserved(reserve(ONE_A_TOKEN, 100, usd_left=just)).output_limit == MIN_OUTPUT_TOKENS
    refused = reserve(ONE_A_TOKEN, 100, usd_left=just - 3)
    assert isinstance(refused, Unaffordable)
    assert refused.usd_short == 3
    assert refused.tokens_short == 0
    assert refused.reservation.usd == just


def test_who_asks_for_little_is_not_refused_for_wanting_less_than_1024() -> None:
    result = reserved(reserve(ONE_A_TOKEN, 10, asked=20, usd_left=Decimal(30)))
    assert (result.output_limit, result.budget_binds) == (20, False)


def test_input_alone_beyond_the_budget_is_refused() -> None:
    refused = reserve(ONE_A_TOKEN, 10_000, usd_left=Decimal(5))
    assert isinstance(refused, Unaffordable)
    assert refused.usd_short == 10_000 + MIN_OUTPUT_TOKENS - 5


def test_token_budget_binds_and_refuses_like_money() -> None:
    """BUD-4: token limits count input and output."""
    result = reserved(reserve(None, 1000, model_limit=8000, tokens_left=5000))
    assert (result.output_limit, result.tokens, result.budget_binds) == (4000, 5000, True)
    refused = reserve(None, 1000, model_limit=8000, tokens_left=1500)
    assert isinstance(refused, Unaffordable)
    assert (refused.tokens_short, refused.usd_short) == (524, Decimal(0))


def test_a_free_model_needs_no_limit_and_reserves_nothing() -> None:
    free = Price(Decimal(0), Decimal(0))
    result = reserved(reserve(free, 1000, usd_left=Decimal(0)))
    assert (result.output_limit, result.usd) == (None, Decimal(0))


def test_without_a_price_no_money_is_reserved() -> None:
    """P33 is the gate's business; here the reservation is plainly without money."""
    assert reserved(reserve(None, 1000, usd_left=Decimal(1))).usd is None


def test_unknown_model_limit_falls_back_to_a_careful_one() -> None:
    assert reserved(reserve(GPT_4O, 100, usd_left=Decimal(100))).output_limit == 8192
    assert reserved(reserve(GPT_4O, 100, usd_left=Decimal(100), asked=20_000)).output_limit == 20_000


def test_free_output_is_not_divided_by() -> None:
    embedding_like = Price(Decimal(1), Decimal(0))
    assert reserved(reserve(embedding_like, 100, usd_left=Decimal(1), model_limit=4096)).output_limit == 4096


amounts = st.decimals(0, 100, places=6)


@given(
    price=st.builds(Price, amounts, amounts, st.none() | amounts, st.none() | amounts),
    bound=st.integers(0, 200_000),
    asked=st.none() | st.integers(1, 100_000),
    limit=st.none() | st.integers(1, 100_000),
    left=st.decimals(0, 20, places=9),
    data=st.data(),
)
def test_no_answer_within_the_limit_costs_more_than_was_reserved(
    price: Price, bound: int, asked: int | None, limit: int | None, left: Decimal, data: st.DataObject
) -> None:
    """P26: spent + reserved ≤ budget stays true when the bill comes, whatever part of the input was cached or written."""
    result = reserve(price, bound, asked=asked, model_limit=limit, usd_left=left)
    if isinstance(result, Unaffordable):
        assert result.usd_short > 0
        return
    assert result.usd is not None
    assert result.usd <= left
    most = result.output_limit if result.output_limit is not None else 10**6
    used = data.draw(st.integers(0, bound))
    read = data.draw(st.integers(0, used))
    usage = Usage(used, read, used - read, data.draw(st.integers(0, most)))
    assert to_nanos(price.cost(usage)) <= to_nanos(result.usd)
