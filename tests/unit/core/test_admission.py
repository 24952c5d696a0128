"""May it be sent? BUD-3, BUD-4, P26, P33."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmtui.core.admission import (
    Allowed,
    Cheaper,
    ConfirmNeeded,
    Decision,
    Proposal,
    Refused,
    WayOut,
    cheaper_models,
    decide,
    ways_out,
)
from llmtui.core.budget import Gauge, Limit
from llmtui.core.cost import Price
from llmtui.core.messages import ModelRef
from llmtui.core.periods import Scope

MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
FIRST = datetime(2026, 12, 1, tzinfo=UTC)


def usd(used: str, amount: str = "5", scope: Scope = Scope.DAY, *, reserved: str = "0") -> Gauge:
    resets = {Scope.DAY: MIDNIGHT, Scope.MONTH: FIRST}.get(scope)
    return Gauge(Limit(scope, "usd", Decimal(amount)), Decimal(used), Decimal(reserved), resets_at=resets)


def tokens(used: int, amount: int) -> Gauge:
    return Gauge(Limit(Scope.CONVERSATION, "tokens", Decimal(amount)), Decimal(used))


def ask(worst: str | None, count: int = 100, expected: str = "0", expected_tokens: int = 50) -> Proposal:
    return Proposal(None if worst is None else Decimal(worst), count, Decimal(expected), expected_tokens)


def refused(decision: Decision) -> Refused:
    assert isinstance(decision, Refused)
    return decision


def confirm(decision: Decision) -> ConfirmNeeded:
    assert isinstance(decision, ConfirmNeeded)
    return decision


def test_without_limits_everything_passes() -> None:
    assert decide((), ask(None)) == Allowed()


def test_at_exactly_the_limit_it_passes() -> None:
    """BUD-3."""
    assert decide([usd("3")], ask("2.00")) == Allowed()
    assert refused(decide([usd("3")], ask("2.000000001"))).excesses[0].over == Decimal("0.000000001")


def test_what_others_have_reserved_is_not_free() -> None:
    """P26: spent + reserved ≤ budget."""
    assert decide([usd("3", reserved="1")], ask("1")) == Allowed()
    assert refused(decide([usd("3", reserved="1.5")], ask("1"))).excesses[0].over == Decimal("0.5")


def test_a_refusal_says_by_how_much_and_until_when() -> None:
    """BUD-3."""
    decision = refused(decide([usd("4.95")], ask("0.12")))
    assert decision.sentence == (
        "This message could cost up to $0.1200, and $0.0500 of today's $5.00 is left: $0.0700 too much"
    )
    assert decision.resets_at == MIDNIGHT


def test_a_token_limit_refuses_in_tokens() -> None:
    """BUD-4: input and output of all attempts."""
    decision = refused(decide([tokens(900, 1000)], ask("0", 150)))
    assert decision.sentence == (
        "This message could use up to 150 tokens, and 100 tokens of this conversation's 1,000 tokens are left: 50 tokens too much"
    )
    assert decision.resets_at is None


def test_of_several_limits_the_most_exceeded_speaks_and_the_last_reset_counts() -> None:
    decision = refused(decide([usd("4.9"), usd("99.9", "100", Scope.MONTH)], ask("0.5")))
    assert [excess.gauge.limit.scope for excess in decision.excesses] == [Scope.DAY, Scope.MONTH]
    assert decision.resets_at == FIRST
    mixed = refused(decide([usd("4.9"), usd("0.9", "1", Scope.CONVERSATION)], ask("0.5")))
    assert mixed.resets_at is None


def test_a_budget_that_is_already_exceeded_leaves_nothing() -> None:
    """A limit lowered below what is spent: “$0.00 is left”, and by how much the message alone is too much."""
    decision = refused(decide([usd("7")], ask("0.5")))
    assert "$0.00 of today's $5.00 is left" in decision.sentence
    assert decision.excesses[0].over == Decimal("2.5")


def test_what_costs_nothing_passes_an_empty_budget() -> None:
    """P13: a local model's true zero exceeds no money."""
    assert decide([usd("5")], ask("0")) == Allowed()
    assert decide([usd("7")], ask("0")) == Allowed()


def test_a_budget_that_only_warns_lets_pass_and_says_what_is_exceeded() -> None:
    """BUD-3 with `on_exceed = "warn"`."""
    decision = decide([usd("4.95")], ask("0.12"), hard=False)
    assert isinstance(decision, Allowed)
    assert decision.over[0].over == Decimal("0.07")


def test_near_a_limit_it_is_confirmed_with_the_estimate_and_what_would_be_left() -> None:
    """BUD-4: from `confirm_at` on, by the likely cost, not the worst."""
    decision = confirm(decide([usd("4.4")], ask("0.6", expected="0.1")))
    assert (decision.reason, decision.left) == ("near", Decimal("0.5"))
    assert decision.sentence == "This message will take about ~$0.1000; of today's $5.00 ~$0.5000 would be left"
    assert decide([usd("4.4")], ask("0.6", expected="0.099")) == Allowed()
    assert decide([usd("4.4")], ask("0.6", expected="0.1"), confirmed=True) == Allowed()
    assert decide([usd("4.4")], ask("0.6", expected="0.1"), confirm_at=0.95) == Allowed()


@pytest.mark.parametrize(
    ("used", "words"),
    [
        ("4.95", "today's $5.00 would be exceeded by ~$0.0500"),
        ("5", "today's $5.00 is used up"),
        ("5.5", "today's $5.00 is already exceeded by $0.5000"),
    ],
)
def test_beyond_a_limit_that_only_warns_nothing_is_said_to_be_left(used: str, words: str) -> None:
    """BUD-4 with `on_exceed = "warn"`."""
    decision = confirm(decide([usd(used)], ask("0.6", expected="0.1"), hard=False))
    assert decision.sentence == f"This message will take about ~$0.1000; {words}"


def test_confirming_never_overrides_a_limit() -> None:
    """P26: `--yes` answers confirmations; it never overrides a block."""
    assert isinstance(decide([usd("4.95")], ask("0.12"), confirmed=True), Refused)


def test_a_model_without_a_price_asks_under_a_hard_money_budget() -> None:
    """P33: ask once, or refuse; never slip past the gate."""
    decision = confirm(decide([usd("1"), usd("9.5", "10", Scope.MONTH)], ask(None)))
    assert (decision.reason, decision.gauge.limit.scope) == ("unpriced", Scope.MONTH)
    assert "price is not known" in decision.sentence
    assert decide([usd("1")], ask(None), confirmed=True) == Allowed()
    assert decide([usd("1")], ask(None), hard=False) == Allowed()
    assert decide([tokens(0, 1000)], ask(None)) == Allowed()


def test_the_ways_out_are_those_that_help() -> None:
    """BUD-3."""
    model = ModelRef("openai", "small")
    decision = refused(decide([usd("4.95")], ask("0.12")))
    assert ways_out(decision, context_tokens=0) == (WayOut.RAISE_LIMIT, WayOut.WAIT)
    assert ways_out(decision, context_tokens=900, shortest=ask("0.05"), cheaper=(Cheaper(model, Decimal("0.01")),)) == (
        WayOut.NEW_CONVERSATION,
        WayOut.DROP_CONTEXT,
        WayOut.SUMMARISE,
        WayOut.SHORTER_ANSWER,
        WayOut.CHEAPER_MODEL,
        WayOut.RAISE_LIMIT,
        WayOut.WAIT,
    )
    conversation = refused(decide([usd("0.9", "1", Scope.CONVERSATION)], ask("0.5")))
    assert ways_out(conversation, context_tokens=0, shortest=ask("0.2")) == (
        WayOut.NEW_CONVERSATION,
        WayOut.RAISE_LIMIT,
    )


def test_cheaper_models_are_offered_with_what_the_message_would_cost_there() -> None:
    """BUD-3: only what fits, the nearest in price first."""
    prices = {"big": "10", "middle": "2", "small": "1", "tiny": "0.1", "local": "0"}
    candidates = [(ModelRef("p", name), Price(Decimal(each), Decimal(each))) for name, each in prices.items()]
    found = cheaper_models(candidates, 600_000, 400_000, below=Decimal(2))
    assert found == (
        Cheaper(ModelRef("p", "middle"), Decimal(2)),
        Cheaper(ModelRef("p", "small"), Decimal(1)),
        Cheaper(ModelRef("p", "tiny"), Decimal("0.1")),
    )


money = st.decimals(0, 10, places=9)


@given(
    requests=st.lists(st.tuples(money, st.decimals(0, 1, places=9)), max_size=40),
    budget=st.decimals("0.01", 20, places=9),
)
def test_spent_and_reserved_never_exceed_the_budget(requests: list[tuple[Decimal, Decimal]], budget: Decimal) -> None:
    """P26: after every admission, whatever part of each reservation is then really spent."""
    limit = Limit(Scope.DAY, "usd", budget)
    spent = reserved = Decimal(0)
    waiting: list[tuple[Decimal, Decimal]] = []
    for number, (worst, share) in enumerate(requests):
        decision = decide([Gauge(limit, spent, reserved)], Proposal(worst, 1, worst, 1), confirmed=True)
        if isinstance(decision, Allowed):
            reserved += worst
            waiting.append((worst, worst * share))
        assert spent + reserved <= budget
        if waiting and number % 3 == 2:
            held, used = waiting.pop(0)
            reserved -= held
            spent += used
        assert spent + reserved <= budget
