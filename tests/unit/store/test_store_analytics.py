"""The usage figures: the same sums everywhere, demo outside, percentiles by the nearest rank (USE-2, USE-3, P22)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from llmtui.core.cost import NO_COST, Cost, Resolution
from llmtui.core.messages import ModelRef
from llmtui.core.usage import Usage
from llmtui.store import analytics
from llmtui.store.figures import Figures, Latency, percentile
from tests.support.stores import NOON, checked, opening, settlement

if TYPE_CHECKING:
    from llmtui.store.database import Store

HOUR = 3_600_000


def book(
    store: Store, day: str, usd: str = "1", *, model: str = "openai/gpt-4o", conversation: str = "c", **facts: Any
) -> None:
    """One attempt of a day; `usd` is confirmed."""
    made = opening(
        day=day,
        model=ModelRef.parse(model),
        conversation_id=conversation,
        demo=facts.pop("demo", False),
        started_at=facts.pop("started_at", NOON),
    )
    cost = Cost(Decimal(usd), Resolution.RESOLVED, "price_table")
    store.ledger.open_attempt(made)
    store.ledger.settle(settlement(made.id, **({"cost": cost} | facts))).result()


@pytest.fixture
def filled(store: Store) -> Store:
    """Five days of three models in two conversations."""
    book(store, "2026-10-30", "4", topic="code")
    book(store, "2026-11-02", "2", model="anthropic/claude", conversation="d", topic="code")
    book(store, "2026-11-09", "1", model="openai/mini")
    book(store, "2026-11-15", "3", topic="explanation")
    book(store, "2026-11-20", "0.5", cost=NO_COST, usage=None, state="failed", error_kind="rate_limited")
    book(store, "2026-11-20", cost=Cost(None, Resolution.UNKNOWN, estimate=Decimal("0.25")), state="cancelled")
    book(store, "2026-11-20", cost=Cost(None, Resolution.UNPRICED))
    book(store, "2026-11-20", "100", demo=True)
    return store


def summed(figures: list[Figures]) -> list[tuple[str, int, Decimal, Decimal, int]]:
    return [(each.key, each.requests, each.confirmed, each.estimated, each.uncounted) for each in figures]


def test_what_is_left_out_has_a_sum_of_its_own(filled: Store) -> None:
    """PRV-8, USE-2: demo rows are booked, and shown apart."""
    demo = filled.analytics.demo()
    assert (demo.requests, demo.confirmed) == (1, Decimal(100))
    assert filled.analytics.demo(last_day="2026-11-19").requests == 0


def test_totals_with_every_kind_of_money_apart(filled: Store) -> None:
    (total,) = filled.analytics.usage()
    assert (total.requests, total.confirmed, total.estimated, total.uncounted) == (7, Decimal(10), Decimal("0.25"), 1)
    assert (total.errors, total.failed, total.error_rate) == ({"rate_limited": 1}, 1, 1 / 7)
    assert (total.input_tokens, total.cache_read_tokens, total.output_tokens, total.reasoning_tokens) == (
        6000,
        2400,
        1200,
        300,
    )
    assert total.total_tokens == 7200 == filled.ledger.spent().tokens
    checked(filled)


def test_by_periods_in_order_of_time(filled: Store) -> None:
    assert [(each.key, each.requests) for each in filled.analytics.usage("day")] == [
        ("2026-10-30", 1),
        ("2026-11-02", 1),
        ("2026-11-09", 1),
        ("2026-11-15", 1),
        ("2026-11-20", 3),
    ]
    zero = Decimal(0)
    assert summed(filled.analytics.usage("month")) == [
        ("2026-10", 1, Decimal(4), zero, 0),
        ("2026-11", 6, Decimal(6), Decimal("0.25"), 1),
    ]
    weeks = filled.analytics.usage("week")
    assert [(each.key, each.requests) for each in weeks] == [
        ("2026-10-26", 1),
        ("2026-11-02", 1),
        ("2026-11-09", 2),
        ("2026-11-16", 3),
    ]
    assert (weeks[2].confirmed, weeks[3].errors) == (Decimal(4), {"rate_limited": 1})
    sundays = filled.analytics.usage("week", week_starts="sunday")
    assert [each.key for each in sundays] == ["2026-10-25", "2026-11-01", "2026-11-08", "2026-11-15"]
    assert [each.key for each in filled.analytics.usage("day", limit=2)] == ["2026-11-15", "2026-11-20"]


def test_by_kind_dearest_first(filled: Store) -> None:
    models = filled.analytics.usage("model")
    assert [(each.key, each.confirmed) for each in models] == [
        ("openai/gpt-4o", Decimal(7)),
        ("anthropic/claude", Decimal(2)),
        ("openai/mini", Decimal(1)),
    ]
    assert models[0].errors == {"rate_limited": 1}
    assert [each.key for each in filled.analytics.usage("provider")] == ["openai", "anthropic"]
    topics = filled.analytics.usage("topic")
    assert [(each.key, each.requests, each.errors) for each in topics] == [
        ("code", 2, {}),
        ("explanation", 1, {}),
        ("", 4, {}),
    ]
    assert [each.key for each in filled.analytics.usage("model", limit=1)] == ["openai/gpt-4o"]


def test_by_conversation_with_titles(filled: Store) -> None:
    from llmtui.store.records import Conversation

    filled.conversations.create(Conversation("d", "About d", 1, 1, None, "", {})).result()
    found = filled.analytics.usage("conversation")
    assert [(each.key, each.label, each.requests, each.confirmed) for each in found] == [
        ("c", "", 6, Decimal(8)),
        ("d", "About d", 1, Decimal(2)),
    ]
    assert [each.key for each in filled.analytics.usage("conversation", "2026-11-02", "2026-11-02")] == ["d"]


def test_a_window_has_both_its_ends(filled: Store) -> None:
    assert filled.analytics.usage("total", "2026-11-02", "2026-11-09")[0].confirmed == Decimal(3)
    assert filled.analytics.usage("total", "2026-12-01") == [Figures()]
    assert filled.analytics.usage("model", "2026-12-01") == []
    for by in ("day", "week", "month", "provider", "model", "topic", "conversation"):
        assert sum(each.resolved_nanos for each in filled.analytics.usage(by, "2026-11-01")) == 6 * 10**9


def test_the_head_of_the_screen(filled: Store) -> None:
    head = filled.analytics.overview("2026-11-20", "2026-11-16", "2026-11-01")
    assert (head.today.requests, head.week.requests, head.month.confirmed) == (3, 3, Decimal(6))
    assert (head.conversations, head.average_nanos) == (2, 5 * 10**9)
    assert (head.trend, head.last_week_nanos, head.week_before_nanos) == ("up", 3 * 10**9, 10**9)


@pytest.mark.parametrize(
    ("now", "before", "trend"),
    [("1", "1", "level"), ("1.1", "1", "level"), ("1.2", "1", "up"), ("1", "1.2", "down"), ("0", "0", "level")],
)
def test_the_trend_is_this_week_against_the_last(store: Store, now: str, before: str, trend: str) -> None:
    book(store, "2026-11-06", "99")
    book(store, "2026-11-13", before)
    book(store, "2026-11-14", now)
    assert store.analytics.overview("2026-11-20", "2026-11-16", "2026-11-01").trend == trend


def test_an_empty_ledger_has_figures_too(store: Store) -> None:
    head = store.analytics.overview("2026-11-20", "2026-11-16", "2026-11-01")
    assert (head.today, head.conversations, head.average_nanos, head.trend) == (Figures(), 0, 0, "level")
    assert store.analytics.latency() == {}
    recent = store.analytics.recent()
    assert (recent.requests, recent.error_rate, recent.rate_limits_per_hour, recent.latency) == (0, 0.0, 0.0, Latency())


def test_percentiles_are_exact_by_group(store: Store) -> None:
    for i in range(1, 21):
        model = "openai/gpt-4o" if i <= 10 else "ollama/llama"
        ttft = None if i == 5 else i / 1000
        book(store, "2026-11-20", model=model, ttft_s=ttft, duration_s=float(i))
    book(store, "2026-11-20", demo=True, ttft_s=99.0)
    assert store.analytics.latency("total")[""] == Latency(11.0, 20.0, 10_000.0, 19_000.0)
    assert store.analytics.latency("model")["ollama/llama"] == Latency(15.0, 20.0, 15_000.0, 20_000.0)
    assert set(store.analytics.latency("provider")) == {"openai", "ollama"}


@pytest.mark.parametrize(("exact", "many"), [(50, 10**6), (50, 100)])
def test_of_very_many_a_part_is_taken(store: Store, monkeypatch: pytest.MonkeyPatch, exact: int, many: int) -> None:
    """USE-4: every so manieth row, or a part of the random ids; near the truth, and marked."""
    monkeypatch.setattr(analytics, "EXACT", exact)
    monkeypatch.setattr(analytics, "MANY", many)

    def fill(connection: Any) -> None:
        from llmtui.store.bookings import open_attempt, settle

        for i in range(1000):
            name = f"{i * 2654435761 % 2**32:08x}"
            open_attempt(connection, opening(name), store.owner)
            settle(connection, settlement(name, ttft_s=i / 1000, duration_s=1.0), NOON)

    store.submit(fill).result()
    found = store.analytics.latency()[""]
    assert found.sampled
    assert found.ttft_p50 is not None
    assert found.ttft_p95 is not None
    assert abs(found.ttft_p50 - 500) < 150
    assert abs(found.ttft_p95 - 950) < 60


def test_the_last_hours(store: Store) -> None:
    book(store, "2026-11-20", started_at=NOON - HOUR // 2, ttft_s=2.0)
    for _ in range(3):
        book(
            store, "2026-11-20", "0", started_at=NOON - HOUR * 3, state="failed", error_kind="rate_limited", ttft_s=None
        )
    book(store, "2026-11-20", started_at=NOON - HOUR * 24)
    book(store, "2026-11-20", started_at=NOON, demo=True)
    store.ledger.open_attempt(opening(started_at=NOON))
    recent = store.analytics.recent()
    assert (recent.requests, recent.errors, recent.error_rate) == (4, {"rate_limited": 3}, 0.75)
    assert recent.rate_limits_per_hour == 3 / 24
    assert recent.latency.ttft_p95 == 2000.0
    assert len(recent.hours) == 24
    assert (recent.hours[-1].requests, recent.hours[-1].resolved_nanos, recent.hours[-1].starts_at) == (
        1,
        10**9,
        NOON - HOUR,
    )
    assert [hour.rate_limits for hour in recent.hours if hour.failed] == [3]


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 2.0), (0.95, 4.0), (0.0, 1.0), (1.0, 4.0), (0.25, 1.0), (0.26, 2.0)]
)
def test_the_nearest_rank(share: float, value: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], share) == value
    assert percentile([], share) is None


def test_figures_without_requests(store: Store) -> None:
    assert Figures().error_rate == 0.0
    assert store.analytics.usage() == [Figures()]
    assert Usage().total_tokens == 0
