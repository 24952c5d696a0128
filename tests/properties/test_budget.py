"""Budgets: enforced before a byte is sent, tracked to the nano-dollar, given back however an answer ends."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

from llmtui.core.admission import Allowed, ConfirmNeeded, Proposal, Refused, decide
from llmtui.core.budget import Gauge, Limit, level_of, new_levels
from llmtui.core.cost import NANO, from_nanos
from llmtui.core.errors import BudgetExceeded
from llmtui.core.periods import Scope
from llmtui.core.request import GenerationSettings
from llmtui.core.reservation import input_bound
from llmtui.tokens.estimate import estimate_request
from tests.properties.generators import counts, examples
from tests.support.desk import reply
from tests.support.dialects import DIALECTS, Counts
from tests.support.wire_server import CLOSE, RESET, Reply, error_reply

if TYPE_CHECKING:
    from tests.support.desk import Desk

PRICE = "[prices.'one/m']\ninput = 1\noutput = 2\n"
"""A token in is 1,000 nano-dollars, one out 2,000. The limits are conversations': the module's tests share a database."""


def limited(usd: Decimal | None = None, tokens: int | None = None) -> str:
    money = f"conversation_usd = {usd:f}\n" if usd is not None else ""
    return (
        f"[budget]\nconfirm_at = 1\n{money}"
        + (f"conversation_tokens = {tokens}\n" if tokens is not None else "")
        + PRICE
    )


def openings(desk: Desk, conversation: str) -> list[tuple[int, int]]:
    """What a conversation's rows have cost, confirmed and as estimates."""
    return desk.store.submit(
        lambda db: db.execute(
            "SELECT coalesce(cost_nanos, 0), coalesce(estimate_nanos, 0) FROM attempts WHERE conversation_id = ?",
            (conversation,),
        ).fetchall()
    ).result(30)


ending = st.sampled_from(["whole", "cut", "reset", "refused", "unread"])


def ended(how: str, used: Counts) -> Reply:
    script = DIALECTS["openai"].script(["some text"], used)
    match how:
        case "whole":
            return reply(script)
        case "cut":
            return reply(script, [*script.frames[:2], CLOSE])
        case "reset":
            return reply(script, [*script.frames[:2], RESET])
        case "refused":
            return error_reply(400, {"error": {"message": "no"}})
    return reply(script, [b"data: {garbage\n\n"])


@examples(20)
@given(
    st.integers(3_000_000, 40_000_000),
    st.lists(st.tuples(ending, st.integers(1, 2000)), min_size=1, max_size=8),
)
def test_p26_spent_and_reserved_never_pass_the_budget(desk: Desk, nanos: int, turns: list[tuple[str, int]]) -> None:
    """P26, P27, BUD-3: whatever the answers take within their limits; what is refused sends no byte and is not kept."""
    session = desk.session(limited(from_nanos(nanos)))
    conversation: str | None = None
    for how, output in turns:
        before = desk.server.requests[:]
        desk.server.replies(ended(how, Counts(20, 0, 0, output, 0)))
        asked = desk.ask("hi", session=session, conversation_id=conversation)
        if isinstance(asked.result.error, BudgetExceeded):
            assert desk.server.requests == before
            assert asked.rows == []
            continue
        conversation = conversation or asked.result.conversation_id
        limit = asked.requests[0].json()["max_tokens"]
        assert limit > 0
        if output <= limit:
            spent = sum(map(sum, openings(desk, conversation)))
            assert spent <= nanos
        else:
            break  # a server that does not keep to the limit it was sent


@examples(20)
@given(st.integers(1, 500), st.integers(1024, 4000))
def test_bud_3_at_exactly_the_limit_it_passes(desk: Desk, length: int, output: int) -> None:
    """BUD-3, P26: one nano-dollar less, and it does not."""
    desk.server.replies(reply(DIALECTS["openai"].script(["x"])))
    free = desk.session("[budget]\nconfirm_at = 1\ndaily_usd = 100000\n" + PRICE)
    least = GenerationSettings(max_output_tokens=1024)
    asked = desk.ask("x" * length, session=free, settings=least)
    assert asked.result.error is None
    worst = _worst(desk, "x" * length)
    exactly = desk.ask("x" * length, session=desk.session(limited(from_nanos(worst))), settings=least)
    assert exactly.result.error is None
    below = desk.ask("x" * length, session=desk.session(limited(from_nanos(worst - 1))), settings=least)
    assert isinstance(below.result.error, BudgetExceeded)
    assert below.requests == []


def _worst(desk: Desk, text: str) -> int:
    """The nano-dollars that such a question reserves with 1,024 tokens of output: bytes and frames in, the limit out."""
    return input_bound(len(text.encode()), estimate_request([text]), messages=1) * 1000 + 1024 * 2000


@examples(25)
@given(ending, counts(5000), st.integers(0, 2))
def test_p25_nothing_is_reserved_once_an_answer_has_ended(desk: Desk, how: str, used: Counts, retries: int) -> None:
    """P25, COST-7: however it ended, retries included; the row says what became of it."""
    desk.server.replies(ended(how, used))
    config = f"[retry]\nmax_retries = {retries}\n" + limited(Decimal(1), 10**7)
    asked = desk.ask("hi", config=config)
    assert desk.still_reserved() == (0, 0, 0)
    assert asked.rows
    assert all(row["state"] != "open" and row["ended_at"] for row in asked.rows)


@examples(20)
@given(st.integers(2_200_000, 30_000_000))
@example(2_200_000)
def test_p26_the_output_limit_sent_is_what_the_budget_affords(desk: Desk, nanos: int) -> None:
    """P26: as much as there is money for, never under 1,024, and the reader is told that the budget binds."""
    desk.server.replies(reply(DIALECTS["openai"].script(["x"])))
    asked = desk.ask("hi", config=limited(from_nanos(nanos)))
    if asked.result.error is not None:
        assert isinstance(asked.result.error, BudgetExceeded)
        assert nanos < _worst(desk, "hi")
        return
    (request,) = asked.requests
    sent = request.json()["max_tokens"]
    bound = (_worst(desk, "hi") - 1024 * 2000) // 1000
    assert sent == min(8192, (nanos - bound * 1000) // 2000)
    assert (sent < 8192) == any("leaves room" in warning for warning in asked.result.warnings)


@examples(15)
@given(st.lists(st.tuples(ending, counts(3000)), min_size=1, max_size=6))
def test_p22_what_is_tracked_is_the_sum_of_what_was_booked(desk: Desk, turns: list[tuple[str, Counts]]) -> None:
    """P22, BUD-1: confirmed and estimated apart, tokens of all attempts, nothing twice."""
    session, conversation = desk.session(PRICE + "[retry]\nmax_retries = 1\n"), None
    rows: list[dict[str, Any]] = []
    for how, used in turns:
        desk.server.replies(ended(how, used))
        asked = desk.ask("hi", session=session, conversation_id=conversation)
        conversation = asked.result.conversation_id
        rows += asked.rows
    spent = desk.store.ledger.spent(conversation_id=conversation)
    assert spent.resolved == from_nanos(sum(row["cost_nanos"] or 0 for row in rows))
    assert spent.estimated == from_nanos(sum(row["estimate_nanos"] or 0 for row in rows))
    assert spent.tokens == sum((row["input_tokens"] or 0) + (row["output_tokens"] or 0) for row in rows)
    assert spent.reserved == 0


@examples(15)
@given(st.integers(1200, 20_000), st.lists(st.integers(1, 900), min_size=1, max_size=6))
def test_bud_4_token_limits_count_every_attempt(desk: Desk, tokens: int, outputs: list[int]) -> None:
    """BUD-4: input and output; what would not fit is refused without a byte."""
    session, conversation = desk.session(limited(tokens=tokens)), None
    used = 0
    for output in outputs:
        desk.server.replies(reply(DIALECTS["openai"].script(["x"], Counts(10, 0, 0, output, 0))))
        asked = desk.ask("hi", session=session, conversation_id=conversation)
        if asked.result.error is not None:
            assert isinstance(asked.result.error, BudgetExceeded)
            assert asked.requests == []
            return
        conversation = asked.result.conversation_id
        used += 10 + output
        assert used <= tokens


@examples(12)
@given(st.integers(1, 4))
def test_bud_1_one_conversation_s_spending_is_not_another_s(desk: Desk, turns: int) -> None:
    """BUD-1: each has its own limit; a new conversation is a way out."""
    session = desk.session(limited(from_nanos(_worst(desk, "hi"))))
    desk.server.replies(reply(DIALECTS["openai"].script(["x"], Counts(10, 0, 0, 1000, 0))))
    for _ in range(turns):
        asked = desk.ask("hi", session=session)
        assert asked.result.error is None
        again = desk.ask("hi", session=session, conversation_id=asked.result.conversation_id)
        assert isinstance(again.result.error, BudgetExceeded)


amounts = st.integers(0, 3 * NANO).map(from_nanos)
levels = st.lists(st.sampled_from([0.25, 0.5, 0.75, 0.9]), max_size=4, unique=True).map(tuple)


@examples(40)
@given(amounts.filter(bool), st.lists(amounts, max_size=8), levels)
def test_bud_2_each_level_is_warned_of_once(limit: Decimal, steps: list[Decimal], warn_at: tuple[float, ...]) -> None:
    """BUD-2: as spending grows; the highest alone where it jumps; and 100 % always."""
    told: frozenset[Any] = frozenset()
    warned: list[float] = []
    used = Decimal(0)
    for step in steps:
        used += step
        gauge = Gauge(Limit(Scope.DAY, "usd", limit), used, period="2026-11-20")
        news, told = new_levels([gauge], warn_at, told)
        warned += [level for _, level in news]
        assert level_of(gauge, warn_at) == max(warned, default=0.0)
    assert warned == sorted(set(warned))
    assert (1.0 in warned) == (used >= limit)


@examples(40)
@given(amounts.filter(bool), amounts, amounts, amounts, st.floats(0.5, 1.0), st.booleans())
@example(Decimal(1), Decimal(1), Decimal(0), Decimal("0.5"), 0.9, False)
@example(Decimal(1), Decimal(1), Decimal(0), Decimal(0), 0.9, True)
def test_bud_3_the_decision_is_the_arithmetic(
    limit: Decimal, used: Decimal, reserved: Decimal, worst: Decimal, confirm_at: float, hard: bool
) -> None:
    """BUD-3, BUD-4, P26: refused exactly where spent, reserved and the worst case together pass a hard limit.

    Symptom: with nothing left of a limit that only warns, a message was said to leave “$0.00” instead of to exceed it.
    Cause: what is left was shown as it was reckoned, cut at nothing.
    Fix: used up, exceeded and would be exceeded are three sentences of their own.
    """
    gauge = Gauge(Limit(Scope.DAY, "usd", limit), used, reserved)
    assert gauge.left + gauge.used + gauge.reserved == limit
    decision = decide([gauge], Proposal(worst, 100, worst, 100), confirm_at=confirm_at, hard=hard)
    passes = worst > 0 and used + reserved + worst > limit
    assert isinstance(decision, Refused) == (hard and passes)
    if isinstance(decision, Refused):
        assert decision.excesses[0].over == worst - gauge.left
    if isinstance(decision, Allowed) and decision.over:
        assert not hard
    if isinstance(decision, ConfirmNeeded):
        assert used + reserved + worst >= limit * Decimal(str(confirm_at))
        assert ("would be left" in decision.sentence) == (gauge.left > 0 and worst <= gauge.left)
