"""Limits, gauges and warnings: BUD-1, BUD-2."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmtui.core.budget import (
    Gauge,
    Limit,
    Mark,
    Spend,
    Unit,
    amount_of,
    crossed,
    gauges_of,
    least_left,
    level_of,
    limits_of,
    new_levels,
    warning,
)
from llmtui.core.errors import ConfigError
from llmtui.core.periods import Scope

WARN_AT = (0.75, 0.9)


class Settings(NamedTuple):
    conversation_usd: Decimal = Decimal(0)
    daily_usd: Decimal = Decimal(0)
    weekly_usd: Decimal = Decimal(0)
    monthly_usd: Decimal = Decimal(0)
    conversation_tokens: int = 0
    daily_tokens: int = 0
    weekly_tokens: int = 0
    monthly_tokens: int = 0
    week_starts: str = "monday"
    time_zone: str = "Europe/Berlin"


def day(used: str, amount: str = "5", *, reserved: str = "0", uncounted: int = 0) -> Gauge:
    limit = Limit(Scope.DAY, "usd", Decimal(amount))
    return Gauge(limit, Decimal(used), Decimal(reserved), uncounted, None, "2026-11-20")


def test_only_limits_that_are_set_count_money_first() -> None:
    """BUD-1: 0 is no limit."""
    assert limits_of(Settings()) == ()
    found = limits_of(Settings(daily_usd=Decimal(5), monthly_tokens=10**6, conversation_tokens=500))
    assert found == (
        Limit(Scope.DAY, "usd", Decimal(5)),
        Limit(Scope.CONVERSATION, "tokens", Decimal(500)),
        Limit(Scope.MONTH, "tokens", Decimal(10**6)),
    )


def test_a_gauge_shows_used_limit_percent_bar_and_reset() -> None:
    """BUD-1; estimates of what may be billed are used too, reservations are not shown but are not free either."""
    settings = Settings(daily_usd=Decimal(5), conversation_tokens=1000)
    spends = {
        Scope.DAY: Spend(Decimal("3.5"), Decimal("0.3"), Decimal("0.5"), uncounted=1),
        Scope.CONVERSATION: Spend(tokens=250, reserved_tokens=100),
    }
    money, tokens = gauges_of(limits_of(settings), spends, day="2026-11-20", settings=settings, conversation="c1")
    assert money.text == "≥$3.80 of $5.00 (76 %)"
    assert money.bar(10) == "███████░░░"
    assert money.left == Decimal("0.7")
    assert str(money.resets_at) == "2026-11-20 23:00:00+00:00"
    assert money.period == "2026-11-20"
    assert tokens.text == "250 tokens of 1,000 tokens (25 %)"
    assert (tokens.left, tokens.fraction, tokens.resets_at, tokens.period) == (Decimal(650), 0.25, None, "c1")


def test_100_percent_is_shown_only_when_it_is_reached() -> None:
    assert day("4.9999").percent == 99
    assert day("5").percent == 100
    assert day("7.5").bar(4) == "████"


def test_the_tightest_limit_of_a_unit_rules() -> None:
    gauges = (day("1"), day("0", "2"), day("9"))
    assert least_left(gauges[:2], "usd") == 2
    assert least_left(gauges, "usd") == 0
    assert least_left(gauges, "tokens") is None


def test_each_level_is_told_once() -> None:
    """BUD-2: at 75 %, 90 % and 100 %, once each; a jump over several tells the highest alone."""
    told: frozenset[Mark] = frozenset()
    heard = []
    for used in ("3.74", "3.75", "3.8", "4.6", "4.7", "5", "6"):
        news, told = new_levels([day(used)], WARN_AT, told)
        heard += [level for _, level in news]
    assert heard == [0.75, 0.9, 1.0]
    news, told = new_levels([day("4.9")._replace(period="2026-11-21")], WARN_AT, told)
    assert [level for _, level in news] == [0.9]
    news, _ = new_levels([day("4")._replace(period="2026-11-21")], WARN_AT, told)
    assert news == []


def test_levels_are_exact_at_their_edge() -> None:
    assert level_of(day("3.749999999"), WARN_AT) == 0.0
    assert level_of(day("3.75"), WARN_AT) == 0.75
    assert level_of(day("4.5"), WARN_AT) == 0.9
    assert level_of(day("5"), ()) == 1.0


@given(steps=st.lists(st.decimals(0, 2, places=4), max_size=30))
def test_as_a_budget_fills_no_level_is_told_twice_and_none_is_missed(steps: list[Decimal]) -> None:
    """BUD-2: whatever the steps, the highest level reached has been told, in rising order."""
    told: frozenset[Mark] = frozenset()
    used, heard = Decimal(0), []
    for step in steps:
        used += step
        news, told = new_levels([day(str(used))], WARN_AT, told)
        heard += [level for _, level in news]
    assert heard == sorted(set(heard))
    assert max(heard, default=0.0) == level_of(day(str(used)), WARN_AT)


def test_bud2_a_program_without_a_memory_warns_where_this_answer_made_the_difference() -> None:
    """BUD-2: of each limit once, the highest level that was reached."""
    at = (0.75, 0.9)
    assert crossed([day("3.80")], at, usd=Decimal("0.1"), tokens=0) == [(day("3.80"), 0.75)]
    assert crossed([day("3.80")], at, usd=Decimal("0.01"), tokens=9) == []
    assert crossed([day("5.00")], at, usd=Decimal(4), tokens=0) == [(day("5.00"), 1.0)]


def test_bud2_from_90_percent_on_a_warning_says_what_is_left() -> None:
    """BUD-2: with suggestions each time."""
    assert warning(day("3.80"), 0.75).startswith("today's $5.00: $3.80 of $5.00 (76 %) used. A new conversation")
    assert "(92 %) used, $0.4000 left. A new" in warning(day("4.60"), 0.9)
    assert "(110 %) used, $0.00 left. A new" in warning(day("5.50"), 1.0)


@pytest.mark.parametrize(
    ("unit", "typed", "amount"),
    [
        ("usd", "$1,500.50", "1500.50"),
        ("usd", " .5 ", "0.5"),
        ("usd", "1,50", None),
        ("usd", "1e999999", None),
        ("usd", "0.0", None),
        ("usd", "NaN", None),
        ("tokens", "20,000", "20000"),
        ("tokens", "0.5", None),
        ("tokens", "1e3000000", None),
        ("tokens", "0", None),
    ],
)
def test_what_is_typed_for_a_limit_is_never_taken_for_more(unit: Unit, typed: str, amount: str | None) -> None:
    """BUD-3: a comma for a point, a fraction of a token (no limit at all) and figures without end are refused."""
    if amount is not None:
        assert amount_of(typed, unit) == Decimal(amount)
        return
    with pytest.raises(ConfigError, match="above 0"):
        amount_of(typed, unit)
