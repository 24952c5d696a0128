"""Properties of the arithmetic: nothing is lost, nothing is invented, nothing is a binary float. P17, P18, P22, P23."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from llmtui.core.cost import Price, format_usd, from_nanos, round_to_nanos, round_up_to_nanos, to_nanos
from llmtui.core.usage import Usage

prices = st.decimals(0, 1000, places=8)
maybe = st.none() | prices


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    total = draw(st.integers(0, 10**8))
    read = draw(st.integers(0, total))
    output = draw(st.integers(0, 10**7))
    return Usage(total, read, draw(st.integers(0, total - read)), output, draw(st.integers(0, output)))


@given(price=st.builds(Price, prices, prices, maybe, maybe), usage=usages())
def test_every_token_is_priced_exactly_once(price: Price, usage: Usage) -> None:
    """P17, P18, P23: against exact fractions, whatever the split of the input."""
    read = price.input if price.cache_read is None else price.cache_read
    write = price.input if price.cache_write is None else price.cache_write
    plain = usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens
    exact = (
        plain * Fraction(price.input)
        + usage.cache_read_tokens * Fraction(read)
        + usage.cache_write_tokens * Fraction(write)
        + usage.output_tokens * Fraction(price.output)
    ) / 10**6
    assert Fraction(price.cost(usage)) == exact
    assert to_nanos(price.cost(usage)) == round(exact * 10**9)


@given(price=st.builds(Price, prices, prices), usage=usages())
def test_without_cache_prices_the_split_does_not_matter(price: Price, usage: Usage) -> None:
    """P17."""
    assert price.cost(usage) == price.cost(Usage(usage.input_tokens, output_tokens=usage.output_tokens))


@given(amounts=st.lists(st.decimals(0, 10_000, places=12), max_size=50))
def test_the_sum_of_rows_is_the_sum_of_what_was_shown(amounts: list[Decimal]) -> None:
    """P22: to the nano-dollar; each amount is rounded once, and adding whole nano-dollars loses nothing."""
    rows = [to_nanos(amount) for amount in amounts]
    assert from_nanos(sum(rows)) == sum((round_to_nanos(amount) for amount in amounts), Decimal(0))


@given(nanos=st.integers(-(10**18), 10**18))
def test_nanos_survive_the_way_there_and_back(nanos: int) -> None:
    """P23."""
    amount = from_nanos(nanos)
    assert to_nanos(amount) == nanos
    assert to_nanos(Decimal(format(amount, "f"))) == nanos


@given(amount=st.decimals(0, 10**6, places=15))
def test_a_reservation_is_never_below_what_it_stands_for(amount: Decimal) -> None:
    """P26."""
    assert 0 <= round_up_to_nanos(amount) - amount < Decimal("0.000000001")


@given(amount=st.decimals(Decimal("0.000000001"), 10**6, places=9))
def test_what_is_shown_is_near_and_never_nothing(amount: Decimal) -> None:
    """P22: no cost but a true zero is shown as zero, and none is off by more than half a shown digit."""
    text = format_usd(amount)
    shown = Decimal(text.replace("$", "").replace(",", ""))
    assert shown > 0
    step = Decimal(1).scaleb(int(shown.as_tuple().exponent))
    assert abs(shown - amount) <= step / 2
