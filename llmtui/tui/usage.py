"""The usage screen's figures: read in one go, and worded as lines and rows of every width."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from llmtui.core.cost import format_usd, from_nanos
from llmtui.core.periods import Scope, local_day, period
from llmtui.tui.status import BAR_CELLS, bar, level, sparkline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmtui.config import BudgetConfig
    from llmtui.core.budget import Gauge
    from llmtui.store.database import Store
    from llmtui.store.figures import Figures, Grouping, Latency, Overview, Recent

GROUPINGS: tuple[tuple[str, Grouping], ...] = (
    ("day", "day"),
    ("model", "model"),
    ("provider", "provider"),
    ("conversation", "conversation"),
    ("kind", "topic"),
)
"""What shares are shown by, and the ledger's word for it."""
ALL, ALERT = "All", "⚠ Alert"
CHART_DAYS = 30
CONVERSATIONS = 200
_SCOPES = {Scope.CONVERSATION: "chat", Scope.DAY: "today", Scope.WEEK: "week", Scope.MONTH: "month"}
_ARROWS = {"up": "↑", "down": "↓", "level": "→"}


class Report(NamedTuple):
    """All that the screen shows."""

    overview: Overview
    total: Figures
    latency: Latency | None
    recent: Recent
    days: tuple[int, ...]
    """Nano-dollars of each of the last days, oldest first."""
    shares: dict[str, Sequence[Figures]]
    """By the words of `GROUPINGS`."""
    gauges: Sequence[Gauge] = ()
    alerts: Sequence[str] = ()


def read(store: Store, budget: BudgetConfig) -> Report:
    """Ask the ledger, with the same questions as `llmtui usage`. Blocks on the database."""
    look = store.analytics
    today = local_day(datetime.now(UTC), budget.time_zone, not_before=store.ledger.latest_day())
    spans = [period(scope, today, week_starts=budget.week_starts) for scope in (Scope.WEEK, Scope.MONTH)]
    week, month = (span.first_day if span else today for span in spans)
    first = date.fromisoformat(today) - timedelta(days=CHART_DAYS - 1)
    by_day = {each.key: each for each in look.usage("day", first.isoformat(), today)}
    days = [(first + timedelta(days=number)).isoformat() for number in range(CHART_DAYS)]
    shares: dict[str, Sequence[Figures]] = {
        word: look.usage(by, limit=CONVERSATIONS) for word, by in GROUPINGS if by != "day"
    }
    shares["day"] = [by_day[day] for day in reversed(days) if day in by_day]
    return Report(
        look.overview(today, week, month),
        look.usage("total")[0],
        look.latency().get(""),
        look.recent(),
        tuple(by_day[day].resolved_nanos + by_day[day].estimated_nanos if day in by_day else 0 for day in days),
        shares,
    )


def head(report: Report) -> Iterator[tuple[str, str, str]]:
    """Names, what is said of them and the colour it is said in, the most important first."""
    for name, said in _plain(report):
        yield name, said, "warning" if name == ALERT else ""
        if name == ALL:
            yield from _budgets(report)


def _budgets(report: Report) -> Iterator[tuple[str, str, str]]:
    for gauge in report.gauges:
        resets = (
            f" · resets {gauge.resets_at.astimezone():{'%H:%M' if gauge.limit.scope is Scope.DAY else '%d %b'}}"
            if gauge.resets_at
            else ""
        )
        said = f"{_SCOPES[gauge.limit.scope]:<5} {gauge.bar(10)} {gauge.text}{resets}"
        yield "Budget", said, level(gauge.fraction)
    if not report.gauges:
        yield "Budget", "no limits; [budget] in the config sets them", ""


def _plain(report: Report) -> Iterator[tuple[str, str]]:
    overview = report.overview
    yield "Today", _said(overview.today)
    yield "This week", _said(overview.week)
    yield "This month", _said(overview.month)
    for alert in report.alerts:
        yield ALERT, alert
    yield ALL, _said(report.total)
    weeks = f"{amount(overview.last_week_nanos)} in seven days, before {amount(overview.week_before_nanos)}"
    yield "Trend", f"{_ARROWS[overview.trend]} {overview.trend} ({weeks})"
    if any(report.days):
        yield "Last 30 days", f"{sparkline(tuple(map(float, report.days)))} highest {amount(max(report.days))}"
    yield "Average", f"{amount(overview.average_nanos)} a conversation, of {overview.conversations}"
    if (latency := report.latency) is not None and latency.duration_p50 is not None:
        sample = " (of a sample)" if latency.sampled else ""
        first, first_late = _seconds(latency.ttft_p50), _seconds(latency.ttft_p95)
        whole, whole_late = _seconds(latency.duration_p50), _seconds(latency.duration_p95)
        yield "First token", f"median {first}, 95 % within {first_late}{sample}"
        yield "Whole answer", f"median {whole}, 95 % within {whole_late}{sample}"
    kinds = sorted(report.total.errors.items(), key=lambda each: -each[1])
    failed = ", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in kinds)
    yield "Errors", f"{report.total.error_rate:.1%} of all requests{f': {failed}' if failed else ''}"
    recent = report.recent
    an_hour = recent.requests / max(1, len(recent.hours))
    yield (
        "Last 24 h",
        f"{an_hour:.1f} requests an hour, {recent.error_rate:.1%} failed, {recent.rate_limits_per_hour:.1f} rate limits an hour",
    )


def weight(figures: Figures) -> int:
    """What a row weighs among the others: nano-dollars, confirmed and estimated."""
    return figures.resolved_nanos + figures.estimated_nanos


def share(figures: Figures, whole: int, width: int, *, top: int = 0) -> str:
    """A row's right side: its share, what it cost, how much was asked; shorter on a narrow screen.

    `width` is the row's. The bar is the share of the whole; with `top`, the highest row, it is as long as the row is high: a chart.
    """
    part = weight(figures) / whole if whole else 0.0
    length = weight(figures) / top if top else part
    money = cost(figures)
    if width < 50:
        return f"{bar(length, 6)} {money:>8}"
    if width < 98:
        return f"{bar(length)} {part * 100:3.0f} % {money:>10} {figures.requests:>6,} req"
    cells = 24 if top else BAR_CELLS
    return f"{bar(length, cells)} {part * 100:3.0f} %  {money:>10}  {figures.requests:>6,} requests  {figures.total_tokens:>10,} tokens"


def cost(figures: Figures) -> str:
    """Confirmed money; with `~` where some of it is estimated, with `≥` where some is not known, `?` where nothing is."""
    if figures.cost_is_unknown:
        return "?"
    amount = figures.confirmed + figures.estimated
    mark = "≥ " if figures.uncounted else "~" if figures.estimated_nanos else ""
    return f"{mark}{format_usd(amount)}"


def _said(figures: Figures) -> str:
    parts = [] if figures.cost_is_unknown else [format_usd(figures.confirmed)]
    if figures.estimated_nanos:
        parts.append(f"~{format_usd(figures.estimated)} estimated")
    if figures.uncounted:
        parts.append(f"{figures.uncounted} of unknown cost")
    parts += [f"{figures.requests:,} requests", f"{figures.total_tokens:,} tokens"]
    return " · ".join(parts)


def amount(nanos: int) -> str:
    """Nano-dollars, for people."""
    return format_usd(from_nanos(nanos))


def _seconds(milliseconds: float | None) -> str:
    return "–" if milliseconds is None else f"{milliseconds / 1000:.2f} s"
