"""Budgets: the limits, how full each is, and what has been warned about.

Two figures are never mixed: what is spent (confirmed, plus estimates of what may still be billed) is what a bar shows;
what a request is checked against (`left`) counts reservations too. Amounts are Decimal in both units, USD and tokens.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from llmtui.core.cost import format_usd
from llmtui.core.errors import ConfigError
from llmtui.core.periods import Scope, period, until

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

Unit = Literal["usd", "tokens"]
_PERIODS = {
    Scope.CONVERSATION: "this conversation's",
    Scope.DAY: "today's",
    Scope.WEEK: "this week's",
    Scope.MONTH: "this month's",
}
_SETTINGS = {Scope.CONVERSATION: "conversation", Scope.DAY: "daily", Scope.WEEK: "weekly", Scope.MONTH: "monthly"}


class BudgetSettings(Protocol):
    """What of the config's `[budget]` is read here; 0 is no limit."""

    @property
    def conversation_usd(self) -> Decimal: ...
    @property
    def daily_usd(self) -> Decimal: ...
    @property
    def weekly_usd(self) -> Decimal: ...
    @property
    def monthly_usd(self) -> Decimal: ...
    @property
    def conversation_tokens(self) -> int: ...
    @property
    def daily_tokens(self) -> int: ...
    @property
    def weekly_tokens(self) -> int: ...
    @property
    def monthly_tokens(self) -> int: ...
    @property
    def week_starts(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


class Limit(NamedTuple):
    """A budget."""

    scope: Scope
    unit: Unit
    amount: Decimal
    """Above 0."""

    @property
    def name(self) -> str:
        """As in “today's $5.00”."""
        return f"{_PERIODS[self.scope]} {self.show(self.amount)}"

    @property
    def setting(self) -> str:
        """Its name in the config's `[budget]`."""
        return f"{_SETTINGS[self.scope]}_{self.unit}"

    def show(self, amount: Decimal) -> str:
        """An amount of this limit's unit, for people."""
        return format_usd(amount) if self.unit == "usd" else f"{int(amount):,} tokens"


class Spend(NamedTuple):
    """What the ledger says of a scope. Demo and bench rows are not in it."""

    resolved: Decimal = Decimal(0)
    """USD, confirmed."""
    estimated: Decimal = Decimal(0)
    """USD that may be billed and is not confirmed."""
    reserved: Decimal = Decimal(0)
    """USD set aside for requests under way, of all processes."""
    uncounted: int = 0
    """Attempts whose cost nobody knows (no usage or no price): the true figure is at least what is shown."""
    tokens: int = 0
    """Input and output of all attempts."""
    reserved_tokens: int = 0


class Gauge(NamedTuple):
    """A limit and how full it is."""

    limit: Limit
    used: Decimal
    reserved: Decimal = Decimal(0)
    uncounted: int = 0
    resets_at: datetime | None = None
    """Aware, UTC; None for a conversation."""
    period: str = ""
    """The period's first day, or the conversation: with the limit it names what has been warned about."""

    @property
    def left(self) -> Decimal:
        """What a request may still take; below 0 when it is exceeded."""
        return self.limit.amount - self.used - self.reserved

    @property
    def fraction(self) -> float:
        """Used of the limit: 1.0 is full, above it is exceeded."""
        return float(self.used / self.limit.amount)

    @property
    def percent(self) -> int:
        """Whole percent, rounded down: 100 is shown only when it is reached."""
        return int(self.used * 100 / self.limit.amount)

    def bar(self, width: int) -> str:
        """The gauge as characters."""
        full = min(width, int(self.used * width / self.limit.amount))
        return "█" * full + "░" * (width - full)

    @property
    def text(self) -> str:
        """“$3.80 of $5.00 (76 %)”; `≥` while something is uncounted."""
        sign = "≥" if self.uncounted and self.limit.unit == "usd" else ""
        return f"{sign}{self.limit.show(self.used)} of {self.limit.show(self.limit.amount)} ({self.percent} %)"


_WHOLE = r"\d{1,3}(?:,\d{3}){1,2}|\d{1,9}"
_AMOUNTS = {"usd": re.compile(rf"\$?((?:{_WHOLE})(?:\.\d{{0,9}})?|\.\d{{1,9}})"), "tokens": re.compile(f"({_WHOLE})")}


def amount_of(text: str, unit: Unit) -> Decimal:
    """A limit as people type it. Raise ConfigError for what is no amount above 0.

    A comma stands before three digits or nowhere: in 1,50 it would make a hundred times as much of what is meant.
    """
    found = _AMOUNTS[unit].fullmatch(text.strip())
    amount = Decimal(found[1].replace(",", "")) if found else Decimal(0)
    if not amount:
        kind = "number" if unit == "usd" else "whole number"
        raise ConfigError(f"a limit is a {kind} above 0, not “{text.strip()}”")
    return amount


def limits_of(settings: BudgetSettings) -> tuple[Limit, ...]:
    """The limits that are set, money first."""
    usd = (settings.conversation_usd, settings.daily_usd, settings.weekly_usd, settings.monthly_usd)
    tokens = (
        settings.conversation_tokens,
        settings.daily_tokens,
        settings.weekly_tokens,
        settings.monthly_tokens,
    )
    money = [Limit(scope, "usd", amount) for scope, amount in zip(Scope, usd, strict=True) if amount]
    counts = [Limit(scope, "tokens", Decimal(count)) for scope, count in zip(Scope, tokens, strict=True) if count]
    return (*money, *counts)


def gauges_of(
    limits: Iterable[Limit],
    spends: Mapping[Scope, Spend],
    *,
    day: str,
    settings: BudgetSettings,
    conversation: str = "",
) -> tuple[Gauge, ...]:
    """How full each limit is on a budget day; `spends` has a value for each scope that has a limit."""
    found = []
    for limit in limits:
        spend = spends.get(limit.scope, Spend())
        span = period(limit.scope, day, settings.time_zone, week_starts=settings.week_starts)
        if limit.unit == "usd":
            used, reserved, uncounted = spend.resolved + spend.estimated, spend.reserved, spend.uncounted
        else:
            used, reserved, uncounted = Decimal(spend.tokens), Decimal(spend.reserved_tokens), 0
        resets_at, name = (span.resets_at, span.first_day) if span else (None, conversation)
        found.append(Gauge(limit, used, reserved, uncounted, resets_at, name))
    return tuple(found)


def least_left(gauges: Iterable[Gauge], unit: Unit) -> Decimal | None:
    """What the tightest limit of a unit leaves, at least 0; None where there is no such limit."""
    return min((max(Decimal(0), gauge.left) for gauge in gauges if gauge.limit.unit == unit), default=None)


def standing(gauge: Gauge) -> str:
    """For people: used, limit, percentage, what is reserved, when it begins anew."""
    reserved = f", {gauge.limit.show(gauge.reserved)} reserved" if gauge.reserved else ""
    resets = gauge.resets_at
    anew = f", resets {resets.astimezone():%Y-%m-%d %H:%M} (in {until(resets)})" if resets else ""
    return f"{gauge.text}{reserved}{anew}"


# ------------------------------------------------------------------------------------------------- warnings

TELL_REST = 0.9
"""From this share on it is said what is left."""

Mark = tuple[Scope, str, str, float]
"""What has been warned about: scope, unit, period, level."""


def level_of(gauge: Gauge, warn_at: Iterable[float]) -> float:
    """The highest level reached, of the configured ones and 1.0 (full); 0.0 for none."""
    reached = [level for level in (*warn_at, 1.0) if gauge.used >= gauge.limit.amount * Decimal(str(level))]
    return max(reached, default=0.0)


def new_levels(
    gauges: Iterable[Gauge], warn_at: Iterable[float], told: frozenset[Mark]
) -> tuple[list[tuple[Gauge, float]], frozenset[Mark]]:
    """The gauges that have reached a level not yet told, with that level, and what has been told from now on.

    Each level of a period is told once; one that jumps over several tells the highest alone.
    """
    levels = (*warn_at, 1.0)
    news, marks = [], set(told)
    for gauge in gauges:
        highest = level_of(gauge, levels)
        mine = (gauge.limit.scope, gauge.limit.unit, gauge.period)
        if highest and (*mine, highest) not in told:
            news.append((gauge, highest))
            marks |= {(*mine, level) for level in levels if level <= highest}
    return news, frozenset(marks)


def crossed(
    gauges: Iterable[Gauge], warn_at: Iterable[float], *, usd: Decimal, tokens: int
) -> list[tuple[Gauge, float]]:
    """The gauges that have reached another level by what has just been booked, with that level: for a program that
    remembers nothing of the last time."""
    levels = (*warn_at, 1.0)
    news = []
    for gauge in gauges:
        booked = usd if gauge.limit.unit == "usd" else Decimal(tokens)
        before = level_of(gauge._replace(used=gauge.used - booked), levels)
        if (now := level_of(gauge, levels)) > before:
            news.append((gauge, now))
    return news


def warning(gauge: Gauge, level: float) -> str:
    """What is said when a level is reached: how much is used, from 90 % on what is left, and what makes it last."""
    left = max(Decimal(0), gauge.limit.amount - gauge.used)
    rest = f", {gauge.limit.show(left)} left" if level >= TELL_REST else ""
    return (
        f"{gauge.limit.name}: {gauge.text} used{rest}. A new conversation, shorter answers, less context (drop or"
        " summarise) or a cheaper model make it last longer."
    )
