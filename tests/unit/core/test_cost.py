"""Amounts: exact to the nano-dollar, and as people read them. P13, P15, P16, P17, P18, P22, P23."""

from __future__ import annotations

from decimal import Decimal

import pytest

from llmtui.core.cost import Price, format_usd, from_nanos, provider_total, round_to_nanos, round_up_to_nanos, to_nanos
from llmtui.core.usage import Usage

SONNET = Price(Decimal(3), Decimal(15), Decimal("0.3"), Decimal("3.75"))


def test_cached_and_written_tokens_are_priced_once() -> None:
    """P17: 2,000 uncached, 6,000 read, 2,000 written, 500 out."""
    assert SONNET.cost(Usage(10_000, 6_000, 2_000, 500)) == Decimal("0.0228")


def test_cache_prices_left_out_are_as_input() -> None:
    """`[prices]`: left out, a cache price is as input."""
    plain = Price(Decimal(3), Decimal(15))
    assert plain.cost(Usage(10_000, 6_000, 2_000, 500)) == plain.cost(Usage(10_000, 0, 0, 500))


def test_reasoning_costs_as_output_unless_it_has_a_price() -> None:
    """P18: it is never added on top."""
    assert SONNET.cost(Usage(0, output_tokens=500, reasoning_tokens=400)) == Decimal("0.0075")
    apart = Price(Decimal(2), Decimal(8), reasoning=Decimal(3))
    assert apart.cost(Usage(0, output_tokens=500, reasoning_tokens=400)) == Decimal("0.002")
    assert apart.cost(Usage(0, output_tokens=500, reasoning_tokens=900)) == Decimal("0.0015")


def test_a_fee_for_each_request_is_added() -> None:
    fee = Price(Decimal(1), Decimal(1), request=Decimal("0.012"))
    assert fee.cost(Usage(1000, output_tokens=1000)) == Decimal("0.014")
    assert not Price(Decimal(0), Decimal(0), request=Decimal("0.012")).is_zero
    assert Price(Decimal(0), Decimal(0)).is_zero


def test_the_worst_case_takes_the_dearest_kind_of_token() -> None:
    """P26: a cache write may cost more than input, reasoning more than the rest."""
    assert SONNET.worst_case(1_000_000, 0) == Decimal("3.75")
    assert Price(Decimal(1), Decimal(2), reasoning=Decimal(5)).worst_case(0, 1_000_000) == 5


@pytest.mark.parametrize(
    ("cost", "upstream", "own_key", "total"),
    [
        ("0.01", "0.2", True, "0.21"),
        ("0.01", "0.2", None, "0.21"),
        ("0.2", "0.2", None, "0.2"),
        ("0.2", None, None, "0.2"),
        ("0.2", "0.2", False, "0.2"),
        ("0.2", "0.3", False, "0.2"),
        ("0", "0.2", True, "0.2"),
        (None, "0.2", True, None),
        ("0.01", None, True, None),
        (None, None, None, None),
    ],
)
def test_a_routers_fee_and_the_upstream_cost(
    cost: str | None, upstream: str | None, own_key: bool | None, total: str | None
) -> None:
    """P15, P16: added with the user's own key, and where nothing is said and the two differ; else the cost is all."""
    numbers = [None if text is None else Decimal(text) for text in (cost, upstream, total)]
    assert provider_total(numbers[0], numbers[1], own_key=own_key) == numbers[2]


@pytest.mark.parametrize(
    ("amount", "nanos"),
    [("0.0000000005", 0), ("0.0000000015", 2), ("0.0000000025", 2), ("-0.0000000015", -2), ("12", 12 * 10**9)],
)
def test_nanos_are_rounded_half_even(amount: str, nanos: int) -> None:
    """P23."""
    assert to_nanos(Decimal(amount)) == nanos


def test_back_from_nanos_without_needless_zeros() -> None:
    assert [format(from_nanos(nanos), "f") for nanos in (0, 3_375_000, 10 * 10**9, 1, -1_500_000_000)] == [
        "0",
        "0.003375",
        "10",
        "0.000000001",
        "-1.5",
    ]
    assert round_to_nanos(Decimal("0.00000000049")) == 0
    assert round_up_to_nanos(Decimal("0.00000000041")) == Decimal("0.000000001")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0.00"),
        ("1", "$1.00"),
        ("1234.567", "$1,234.57"),
        ("0.99996", "$1.00"),
        ("0.99994", "$0.9999"),
        ("0.25", "$0.2500"),
        ("0.01", "$0.0100"),
        ("0.00999", "$0.0100"),
        ("0.003375", "$0.0034"),
        ("0.0000996", "$0.00010"),
        ("0.0000075", "$0.0000075"),
        ("0.000000001", "$0.0000000010"),
        ("-0.5", "-$0.5000"),
        ("-0.003375", "-$0.0034"),
    ],
)
def test_people_are_shown(amount: str, text: str) -> None:
    """P22: cents from $1 on, four decimals below, two significant digits below a cent. P13: a true zero is $0.00."""
    assert format_usd(Decimal(amount)) == text
