"""The cost formula over the whole way: from the numbers on the wire to whole nano-dollars in the ledger."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from llmtui.core.cost import Price, from_nanos
from llmtui.core.usage import Usage
from tests.properties.generators import counts, dialects, examples, prices, texts
from tests.support.desk import reply
from tests.support.dialects import DIALECTS, Counts, chat_usage, event

if TYPE_CHECKING:
    from tests.support.desk import Desk
    from tests.support.dialects import Dialect

maybe = st.none() | prices
whole_prices = st.builds(Price, prices, prices, maybe, maybe)


def priced(name: str, price: Price) -> str:
    """The price as the config has it."""
    fields = {
        "input": price.input,
        "output": price.output,
        "cache_read": price.cache_read,
        "cache_write": price.cache_write,
    }
    lines = [f"{field} = {amount:f}\n" for field, amount in fields.items() if amount is not None]
    return f"[prices.'{name}']\n" + "".join(lines)


def exact(price: Price, used: Counts) -> Fraction:
    """USD by the formula of COST-1, in exact fractions."""
    read = price.input if price.cache_read is None else price.cache_read
    write = price.input if price.cache_write is None else price.cache_write
    return (
        (used.input - used.read - used.write) * Fraction(price.input)
        + used.read * Fraction(read)
        + used.write * Fraction(write)
        + used.output * Fraction(price.output)
    ) / 10**6


@examples(40)
@given(dialects, counts(), whole_prices)
@example(DIALECTS["openai"], Counts(150, 0, 0, 300, 0), Price(Decimal("2.5"), Decimal(10)))
@example(
    DIALECTS["anthropic"], Counts(10_000, 6_000, 2_000, 500, 0),
    Price(Decimal(3), Decimal(15), Decimal("0.3"), Decimal("3.75")),
)  # fmt: skip
def test_cost_1_the_formula_holds_from_the_wire_to_the_ledger(
    desk: Desk, dialect: Dialect, used: Counts, price: Price
) -> None:
    """COST-1, P17, P18, P23: rounded once, half-even, to the nano-dollar. The worked figures are examples."""
    desk.server.replies(reply(dialect.script(["x"], used)))
    asked = desk.ask(model=f"my-{dialect.wire}/m", config=priced(f"my-{dialect.wire}/m", price))
    due = round(exact(price, dialect.reported(used)) * 10**9)
    assert asked.rows[0]["cost_nanos"] == due
    assert asked.result.cost.amount == from_nanos(due)
    assert (asked.rows[0]["resolution"], asked.rows[0]["cost_source"]) == ("resolved", "config")


@examples(30)
@given(prices, st.integers(0, 900), st.integers(0, 900))
def test_cost_6_a_price_is_for_a_million_tokens(price: Decimal, millions_in: int, millions_out: int) -> None:
    """COST-6: n million tokens cost n prices, exactly."""
    used = Usage(millions_in * 10**6, output_tokens=millions_out * 10**6)
    assert Price(price, 2 * price).cost(used) == price * millions_in + 2 * price * millions_out


@examples(30)
@given(whole_prices, counts(), counts())
def test_cost_1_what_two_requests_cost_is_what_one_of_both_would(price: Price, one: Counts, two: Counts) -> None:
    """COST-1: exact arithmetic is linear; a binary float is not."""
    both = Counts(*(a + b for a, b in zip(one, two, strict=True)))
    assert price.cost(Usage(*both)) == price.cost(Usage(*one)) + price.cost(Usage(*two))


@examples(30)
@given(whole_prices, counts())
def test_p26_the_worst_case_is_never_below_the_cost(price: Price, used: Counts) -> None:
    """P26: whatever of the input turns out to be cached or written to the cache."""
    assert price.worst_case(used.input, used.output) >= price.cost(Usage(*used))


@examples(20)
@given(st.decimals(Decimal(0), Decimal(50), places=9), whole_prices, counts(10**6))
def test_p14_the_provider_s_own_cost_goes_first(desk: Desk, told: Decimal, price: Price, used: Counts) -> None:
    """P14: to the last digit, also beside a price of ours."""
    usage = chat_usage(used) | {"cost": "COST"}
    frame = event({"choices": [], "usage": usage}).replace(b'"COST"', format(told, "f").encode())
    script = DIALECTS["openrouter"].script(["x"])
    desk.server.replies(reply(script, [*script.frames[: script.finish + 1], frame]))
    asked = desk.ask(model="my-openrouter/m", config=priced("my-openrouter/m", price))
    assert (asked.result.cost.amount, asked.rows[0]["cost_source"]) == (told, "provider")
    assert asked.rows[0]["cost_nanos"] == told * 10**9


@examples(20)
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.booleans())
def test_p15_a_router_s_fee_and_the_upstream_cost(desk: Desk, fee: int, upstream: int, own_key: bool) -> None:
    """P15: added where the key was the user's; else the cost field alone is the total."""
    usage = chat_usage(Counts()) | {
        "cost": "FEE",
        "is_byok": own_key,
        "cost_details": {"upstream_inference_cost": "UP"},
    }
    frame = event({"choices": [], "usage": usage})
    for name, nanos in ((b'"FEE"', fee), (b'"UP"', upstream)):
        frame = frame.replace(name, format(from_nanos(nanos), "f").encode())
    script = DIALECTS["openrouter"].script(["x"])
    desk.server.replies(reply(script, [*script.frames[: script.finish + 1], frame]))
    row = desk.ask(model="my-openrouter/m").rows[0]
    assert row["cost_nanos"] == (fee + upstream if own_key else fee)


@examples(14)
@given(dialects, counts())
def test_p12_usage_without_a_price_is_unpriced(desk: Desk, dialect: Dialect, used: Counts) -> None:
    """P12, COST-2: never shown or summed as nothing. What runs on Ollama here is known to be free: P13."""
    desk.server.replies(reply(dialect.script(["x"], used)))
    asked = desk.ask(model=f"my-{dialect.wire}/m")
    row = asked.rows[0]
    if dialect.wire == "ollama":
        assert (row["resolution"], row["cost_nanos"]) == ("resolved", 0)
    else:
        assert (row["resolution"], row["cost_nanos"], asked.result.cost.amount) == ("unpriced", None, None)


@examples(14)
@given(dialects, counts())
def test_p13_a_price_of_nothing_costs_a_true_zero(desk: Desk, dialect: Dialect, used: Counts) -> None:
    """P13: resolved, 0."""
    desk.server.replies(reply(dialect.script(["x"], used)))
    name = f"my-{dialect.wire}/m"
    row = desk.ask(model=name, config=priced(name, Price(Decimal(0), Decimal(0)))).rows[0]
    assert (row["resolution"], row["cost_nanos"]) == ("resolved", 0)


@examples(20)
@given(texts, prices)
def test_str_16_the_cost_beside_each_chunk_is_that_of_its_tokens(desk: Desk, pieces: list[str], price: Decimal) -> None:
    """STR-16: an estimate while it streams, at the output's price; no price, no figure."""
    desk.server.replies(reply(DIALECTS["openai"].script(pieces)))
    chunks = desk.ask(config=priced("one/m", Price(Decimal(1), price))).chunks
    assert [chunk.cost for chunk in chunks] == [price * chunk.tokens / 10**6 for chunk in chunks]
    assert {chunk.cost for chunk in desk.ask().chunks} == {None}


@examples(15)
@given(counts(), prices, prices)
def test_p24_a_row_keeps_the_price_it_was_booked_with(desk: Desk, used: Counts, then: Decimal, now: Decimal) -> None:
    """P24: a newer price changes what is booked from then on, and nothing before."""
    desk.server.replies(reply(DIALECTS["openai"].script(["x"], used)))
    first = desk.ask(config=priced("one/m", Price(then, then)))
    desk.ask(config=priced("one/m", Price(now, now)))
    (row,) = desk.rows(first.result.turn_id)
    assert row == first.rows[0]
    assert row["cost_nanos"] == round(Fraction(then) * (used.input + used.output) * 1000)
