"""The ledger: reserved before, settled once, summed exactly, never repriced."""

from __future__ import annotations

import logging
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from llmtui.core.budget import Spend
from llmtui.core.cost import NO_COST, Cost, Resolution
from llmtui.core.errors import BudgetExceeded
from llmtui.core.usage import Usage
from llmtui.store.admission import LimitPassed
from llmtui.store.records import HardLimit
from tests.support.stores import NOON, PRICE, checked, opening, placeholder, question, rows, settlement

if TYPE_CHECKING:
    from llmtui.store.database import Store

DAY_MS = 24 * 3600 * 1000


def test_settling_twice_books_once_and_warns(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """P2, P25"""
    store.ledger.open_attempt(opening("a", reserved_nanos=10**9, reserved_tokens=5000)).result()
    assert store.ledger.spent() == Spend(reserved=Decimal(1), reserved_tokens=5000)
    store.ledger.settle(settlement("a")).result()
    booked = rows(store, "SELECT * FROM attempts")
    with caplog.at_level(logging.WARNING):
        store.ledger.settle(settlement("a", state="failed", cost=NO_COST, topic="again")).result()
        store.ledger.settle(settlement("nobody")).result()
    assert [record.args for record in caplog.records] == [("a", "failed"), ("nobody", "completed")]
    assert rows(store, "SELECT * FROM attempts") == booked
    assert store.ledger.spent() == Spend(resolved=Decimal("0.0045"), tokens=1200)
    checked(store)


def test_a_row_says_all_there_is_to_know(store: Store) -> None:
    """USE-1, STR-16: with the caller's own metadata."""
    store.ledger.open_attempt(opening("a", number=2, metadata={"ticket": 7, "odd": {1}}))
    store.ledger.settle(settlement("a", retries=1, wait_s=1.5, topic="code", finish_reason=None)).result()
    names = "number, provider, model, answered_by, started_at, ended_at, ttft_ms, duration_ms, retries, wait_ms, topic, metadata"
    assert rows(store, f"SELECT {names} FROM attempts") == [
        (
            2,
            "openai",
            "gpt-4o",
            "gpt-4o-2026",
            NOON,
            NOON + 3000,
            250.0,
            3000.0,
            1,
            1500.0,
            "code",
            '{"ticket": 7, "odd": "{1}"}',
        )
    ]
    tokens = "input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, usage_source"
    assert rows(store, f"SELECT {tokens} FROM attempts") == [(1000, 400, 0, 200, 50, "provider")]


def test_the_figures_of_a_conversations_answers_are_read_back(store: Store) -> None:
    """TOK-4, STR-6: usage, cost, price and times of each attempt, by answer; what is open or void is no figure."""
    store.ledger.open_attempt(opening("a", message_id="m"))
    store.ledger.settle(
        settlement(
            "a", state="failed", usage=None, cost=NO_COST, error_kind="server_error", error_message="gone", wait_s=2.0
        )
    )
    store.ledger.open_attempt(opening("b", message_id="m", number=2))
    store.ledger.settle(settlement("b"))
    store.ledger.open_attempt(opening("c", message_id="other")).result()
    failed, answered = store.ledger.figures("c")["m"]
    assert (failed.error_message, failed.wait_s, failed.usage, failed.cost.amount) == ("gone", 2.0, None, None)
    assert answered.usage == Usage(1000, 400, 0, 200, 50)
    assert answered.cost == settlement("b").cost
    assert answered.price == PRICE
    assert (answered.ttft_s, answered.duration_s, answered.answered_by) == (0.25, 3.0, "gpt-4o-2026")
    assert list(store.ledger.figures("c")) == ["m"]


@pytest.mark.parametrize(
    ("cost", "usage", "booked", "spend"),
    [
        (
            Cost(Decimal("0.1"), Resolution.RESOLVED, "provider"),
            Usage(1, 0, 0, 1),
            ("resolved", 10**8, "provider", None),
            (10**8, 0, 0),
        ),
        (
            Cost(Decimal(0), Resolution.RESOLVED, "config"),
            Usage(1, 0, 0, 1),
            ("resolved", 0, "config", None),
            (0, 0, 0),
        ),
        (Cost(None, Resolution.UNPRICED), Usage(1, 0, 0, 1), ("unpriced", None, None, None), (0, 0, 1)),
        (Cost(None, Resolution.UNKNOWN), None, ("unknown", None, None, None), (0, 0, 1)),
        (
            Cost(None, Resolution.UNKNOWN, estimate=Decimal("0.2")),
            None,
            ("unknown", None, None, 2 * 10**8),
            (0, 2 * 10**8, 0),
        ),
        (
            Cost(None, Resolution.NONE, estimate=Decimal("0.3")),
            None,
            ("none", None, None, 3 * 10**8),
            (0, 3 * 10**8, 0),
        ),
        (NO_COST, None, ("none", None, None, None), (0, 0, 0)),
        # half-even, once: P23
        (
            Cost(Decimal("0.0000000025"), Resolution.RESOLVED, "config"),
            None,
            ("resolved", 2, "config", None),
            (2, 0, 0),
        ),
    ],
)
def test_every_resolution_is_kept_apart(
    store: Store, cost: Cost, usage: Usage | None, booked: tuple[object, ...], spend: tuple[int, ...]
) -> None:
    """COST-2, P11, P12, P13: unknown is never zero, and zero is never unknown."""
    store.ledger.open_attempt(opening("a"))
    store.ledger.settle(settlement("a", cost=cost, usage=usage)).result()
    assert rows(store, "SELECT resolution, cost_nanos, cost_source, estimate_nanos FROM attempts") == [booked]
    found = store.ledger.spent()
    assert (int(found.resolved * 10**9), int(found.estimated * 10**9), found.uncounted) == spend
    checked(store)


def test_a_pending_estimate_is_replaced_once(store: Store) -> None:
    """COST-3: also after a restart the waiting attempts are known."""
    pending = Cost(None, Resolution.UNKNOWN, estimate=Decimal("0.2"), pending=True)
    store.ledger.open_attempt(opening("a"))
    store.ledger.settle(settlement("a", state="cancelled", cost=pending, usage=None, response_id="gen-1")).result()
    (waiting,) = store.ledger.pending_lookups()
    assert (waiting.attempt_id, waiting.provider, waiting.response_id, waiting.price) == ("a", "openai", "gen-1", PRICE)
    fact = Cost(Decimal("0.15"), Resolution.RESOLVED, "provider")
    assert store.ledger.resolve_pending("a", Usage(900, 0, 0, 90), fact).result()
    assert not store.ledger.resolve_pending("a", None, Cost(Decimal(9), Resolution.RESOLVED, "provider")).result()
    assert store.ledger.spent() == Spend(resolved=Decimal("0.15"), tokens=990)
    assert store.ledger.pending_lookups() == []
    assert rows(store, "SELECT state FROM attempts") == [("cancelled",)]
    checked(store)


def test_a_look_up_that_finds_nothing_leaves_the_estimate(store: Store) -> None:
    """P16"""
    pending = Cost(None, Resolution.UNKNOWN, estimate=Decimal("0.2"), pending=True)
    store.ledger.open_attempt(opening("a"))
    store.ledger.settle(settlement("a", cost=pending))
    assert store.ledger.resolve_pending("a", None, Cost(None, Resolution.UNKNOWN)).result()
    assert store.ledger.spent() == Spend(estimated=Decimal("0.2"), tokens=1200)
    assert store.ledger.pending_lookups() == []


def test_the_price_of_the_booking_is_kept(store: Store) -> None:
    """P24"""
    store.ledger.open_attempt(opening("a"))
    store.ledger.settle(settlement("a", price=None)).result()
    from llmtui.store.rows import price_from_json

    assert price_from_json(rows(store, "SELECT price FROM attempts")[0][0]) == PRICE
    assert price_from_json('{"input": "1", "output": "2", "source": "config", "later": "x"}') == replace(
        PRICE, input=Decimal(1), output=Decimal(2), cache_read=None, source="config"
    )


class TestLimits:
    """BUD-3, P26: spent + reserved never passes a limit; exactly at it passes."""

    def test_exactly_at_the_limit_passes(self, store: Store) -> None:
        limit = HardLimit("day", "2026-11-20", nanos=10**9)
        store.ledger.open_attempt(opening("a", reserved_nanos=4 * 10**8), [limit]).result()
        store.ledger.open_attempt(opening("b", reserved_nanos=6 * 10**8), [limit]).result()
        with pytest.raises(LimitPassed) as caught:
            store.ledger.open_attempt(opening("c", reserved_nanos=1), [limit]).result()
        assert (caught.value.over, caught.value.used, caught.value.wanted) == (1, 10**9, 1)
        store.ledger.settle(settlement("a", cost=NO_COST, usage=None)).result()  # frees 0.4
        store.ledger.open_attempt(opening("c", reserved_nanos=4 * 10**8), [limit]).result()
        assert rows(store, "SELECT count(*) FROM attempts") == [(3,)]

    def test_the_sentence_says_by_how_much(self, store: Store) -> None:
        limit = HardLimit("day", "2026-11-20", nanos=5 * 10**9)
        with pytest.raises(
            BudgetExceeded,
            match=r"may use up to \$6\.00, which is \$1\.00 over the day's limit of \$5\.00 \(\$0\.00 used or",
        ):
            store.ledger.open_attempt(opening(reserved_nanos=6 * 10**9), [limit]).result()
        with pytest.raises(BudgetExceeded, match=r"900 tokens over this conversation's limit of 100 tokens"):
            store.ledger.open_attempt(opening(reserved_tokens=1000), [HardLimit("conversation", tokens=100)]).result()

    def test_estimates_and_reservations_count(self, store: Store) -> None:
        store.ledger.open_attempt(opening("a"))
        store.ledger.settle(settlement("a", cost=Cost(None, Resolution.UNKNOWN, estimate=Decimal("0.9")), usage=None))
        limit = HardLimit("month", "2026-11-01", nanos=10**9)
        store.ledger.open_attempt(opening("b", reserved_nanos=10**8), [limit]).result()
        with pytest.raises(BudgetExceeded):
            store.ledger.open_attempt(opening("c", reserved_nanos=1), [limit]).result()

    def test_a_window_begins_at_its_first_day(self, store: Store) -> None:
        store.ledger.open_attempt(opening("a", day="2026-11-19"))
        store.ledger.settle(settlement("a", cost=Cost(Decimal(1), Resolution.RESOLVED, "config")))
        store.ledger.open_attempt(
            opening("b", reserved_nanos=10**9), [HardLimit("day", "2026-11-20", nanos=10**9)]
        ).result()
        with pytest.raises(BudgetExceeded):
            store.ledger.open_attempt(
                opening("c", reserved_nanos=1), [HardLimit("week", "2026-11-16", nanos=2 * 10**9)]
            ).result()

    def test_conversations_have_their_own(self, store: Store) -> None:
        limit = HardLimit("conversation", tokens=2000)
        store.ledger.open_attempt(opening("a", reserved_tokens=2000), [limit]).result()
        store.ledger.open_attempt(opening("b", conversation_id="d", reserved_tokens=2000), [limit]).result()
        with pytest.raises(BudgetExceeded):
            store.ledger.open_attempt(opening("c", reserved_tokens=1), [limit]).result()
        store.ledger.settle(settlement("a")).result()  # 1,200 used
        store.ledger.open_attempt(opening("c", reserved_tokens=800), [limit]).result()
        assert store.ledger.spent(conversation_id="c") == Spend(Decimal("0.0045"), tokens=1200, reserved_tokens=800)

    def test_demo_and_bench_stand_outside(self, store: Store) -> None:
        limit = HardLimit("day", "2026-11-20", nanos=1, tokens=1)
        for facts in ({"demo": True}, {"purpose": "bench"}):
            made = opening(reserved_nanos=10**9, reserved_tokens=10**6, **facts)
            store.ledger.open_attempt(made, [limit]).result()
            store.ledger.settle(settlement(made.id)).result()
        assert store.ledger.spent() == Spend()
        assert rows(store, "SELECT demo FROM attempts") == [(1,), (1,)]
        checked(store)

    def test_what_costs_nothing_passes_a_full_budget_of_money(self, store: Store) -> None:
        limit = HardLimit("day", "2026-11-20", nanos=1)
        store.ledger.open_attempt(opening("a"))
        store.ledger.settle(settlement("a")).result()
        store.ledger.open_attempt(opening("b"), [limit]).result()
        assert rows(store, "SELECT count(*) FROM attempts") == [(2,)]

    def test_a_refused_turn_stores_nothing(self, store: Store) -> None:
        """P27: the typed message stays where it is."""
        asked = question()
        begun = store.conversations.begin_turn(
            "c", asked, placeholder(asked.id), opening(reserved_nanos=2), [HardLimit("day", "2026-11-20", nanos=1)]
        )
        with pytest.raises(BudgetExceeded):
            begun.result()
        assert store.conversations.listed() == []


class TestBudgetDay:
    """P31: the day is fixed when the reservation is made, and does not go backwards."""

    def test_a_clock_set_back_does_not_reopen_yesterday(self, store: Store) -> None:
        store.ledger.open_attempt(opening("a", day="2026-11-20"))
        store.ledger.open_attempt(opening("b", day="2026-11-19", started_at=NOON - DAY_MS)).result()
        assert rows(store, "SELECT day FROM attempts ORDER BY id") == [("2026-11-20",), ("2026-11-20",)]
        assert store.ledger.latest_day() == "2026-11-20"

    def test_a_window_of_the_day_before_still_sees_today(self, store: Store) -> None:
        limit = HardLimit("day", "2026-11-19", nanos=10**9)
        store.ledger.open_attempt(opening("a", day="2026-11-20", reserved_nanos=10**9))
        with pytest.raises(BudgetExceeded):
            store.ledger.open_attempt(opening("b", day="2026-11-19", reserved_nanos=1), [limit]).result()

    def test_a_clock_that_was_years_ahead_binds_nobody(self, store: Store) -> None:
        store.ledger.open_attempt(opening("a", day="2031-01-01"))
        store.ledger.open_attempt(opening("b", day="2026-11-20")).result()
        assert rows(store, "SELECT day FROM attempts ORDER BY id") == [("2031-01-01",), ("2026-11-20",)]
        assert store.ledger.latest_day() == "2026-11-20"

    def test_without_a_day_it_is_this_machines_today(self, store: Store) -> None:
        import time

        store.ledger.open_attempt(opening("a", day="")).result()
        assert rows(store, "SELECT day FROM attempts") == [(time.strftime("%Y-%m-%d", time.localtime(NOON / 1000)),)]


def test_deleting_and_changing_rows_by_hand_keeps_the_sums(store: Store) -> None:
    """P22: the sums follow the rows whoever changes them."""
    for name in ("a", "b"):
        store.ledger.open_attempt(opening(name))
        store.ledger.settle(settlement(name, error_kind="timeout" if name == "b" else None))
    store.submit(
        lambda connection: connection.execute("UPDATE attempts SET topic = 'code', day = '2026-11-21' WHERE id = 'a'")
    ).result()
    checked(store)
    store.submit(lambda connection: connection.execute("DELETE FROM attempts WHERE id = 'b'")).result()
    checked(store)
    assert store.ledger.spent(first_day="2026-11-21").tokens == 1200
