"""`llmtui usage`: what was asked, what it cost, how quickly it came; for people as tables with bars, for scripts exactly."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from llmtui.cli import budgets
from llmtui.cli.parse import usage_error
from llmtui.cli.stores import open_store
from llmtui.cli.when import parse_day
from llmtui.core.cost import format_usd, from_nanos
from llmtui.core.periods import Scope, local_day, period

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from llmtui.cli.context import Context
    from llmtui.config import BudgetConfig
    from llmtui.core.budget import Gauge
    from llmtui.store.database import Store
    from llmtui.store.figures import Figures, Grouping, Latency, Overview, Recent

_RECENT_DAYS = 14
"""How many days are drawn when no span was asked for."""
_BAR = 12
_GROUPINGS: dict[str, Grouping] = {
    "day": "day",
    "week": "week",
    "month": "month",
    "provider": "provider",
    "model": "model",
    "conversation": "conversation",
    "kind": "topic",
}


class Report(NamedTuple):
    """Everything the command has to say."""

    since: str
    """The first day, `2026-11-20`; "" is the beginning."""
    until: str
    by: str
    """"" when no grouping was asked for."""
    total: Figures
    latency: Latency
    rows: Sequence[Figures]
    latencies: dict[str, Latency]
    overview: Overview
    recent: Recent
    gauges: Sequence[Gauge]
    """The budget's limits by day, week and month."""
    demo: Figures
    """Demo and benchmarks in the same span: in no other figure."""


def show_usage(ctx: Context) -> int:
    parsed = ctx.parsed
    if parsed.has("csv") and parsed.has("json"):
        raise usage_error("--csv and --json exclude each other", command=ctx.called)
    budget = ctx.config.budget
    today = date.fromisoformat(local_day(datetime.now(UTC), budget.time_zone))
    since, until = parsed.last("since"), parsed.last("until")
    first = parse_day(since, today, "--since").isoformat() if since is not None else ""
    last = parse_day(until, today, "--until", last=True).isoformat() if until is not None else ""
    if first and last and first > last:
        raise usage_error(f"--since {first} is after --until {last}", command=ctx.called)
    with open_store(ctx) as store:
        report = _report(store, first, last, parsed.last("by") or "", today, budget)
    if parsed.has("json"):
        ctx.out.json(_as_dict(report))
    elif parsed.has("csv"):
        _write_csv(ctx, report.rows)
    else:
        _write_tables(ctx, report)
    return 0


def _report(store: Store, first: str, last: str, by: str, today: date, budget: BudgetConfig) -> Report:
    look = store.analytics
    day = budgets.today(store, budget)
    week_starts = budget.week_starts
    spans = [period(scope, day, week_starts=week_starts) for scope in (Scope.WEEK, Scope.MONTH)]
    week, month = (span.first_day if span else day for span in spans)
    grouping = _GROUPINGS[by or "day"]
    begin = first or ("" if by or last else (today - timedelta(days=_RECENT_DAYS - 1)).isoformat())
    rows = look.usage(grouping, begin, last, week_starts=week_starts)
    latencies = look.latency(grouping, begin, last) if grouping in {"day", "month", "provider", "model"} else {}
    whole = look.latency("total", first, last)
    return Report(
        since=first,
        until=last,
        by=by,
        total=look.usage("total", first, last)[0],
        latency=next(iter(whole.values()), _no_latency()),
        rows=rows,
        latencies=latencies,
        overview=look.overview(day, week, month),
        recent=look.recent(),
        gauges=budgets.gauges(store, budget),
        demo=look.demo(first, last),
    )


def _no_latency() -> Latency:
    from llmtui.store.figures import Latency

    return Latency()


# ------------------------------------------------------------------------------------------------- for people


def _write_tables(ctx: Context, report: Report) -> None:
    out = ctx.out
    overview = report.overview
    spanned = bool(report.since or report.until)
    if not spanned and not report.by:
        _table(
            ctx,
            "",
            [
                ("today", overview.today),
                ("this week", overview.week),
                ("this month", overview.month),
                ("all", report.total),
            ],
        )
        out.line()
        out.line(f"average conversation  {format_usd(from_nanos(overview.average_nanos))} of {overview.conversations}")
        arrow = {"up": "↑", "down": "↓", "level": "→"}[overview.trend]
        weeks = f"{format_usd(from_nanos(overview.last_week_nanos))}, {format_usd(from_nanos(overview.week_before_nanos))} before"
        out.line(f"last seven days       {arrow} {overview.trend} ({weeks})")
        hours, limited = max(1, len(report.recent.hours)), report.recent.rate_limits_per_hour
        out.line(
            f"last 24 hours         {report.recent.requests / hours:.1f} requests an hour,"
            f" {report.recent.error_rate:.1%} failed, {limited:.1f} rate limits an hour"
        )
        for gauge in report.gauges:
            out.line(f"{f'{gauge.limit.scope} budget':<21} {budgets.sentence(gauge)}")
    else:
        name = " to ".join(part for part in (report.since or "the beginning", report.until or "today") if part)
        _table(ctx, "", [(name, report.total)])
    _write_latency(ctx, report.latency)
    if report.total.errors:
        kinds = ", ".join(
            f"{kind} {count}" for kind, count in sorted(report.total.errors.items(), key=lambda each: -each[1])
        )
        out.line(f"errors                {kinds}")
    if report.demo.requests:
        plural = "" if report.demo.requests == 1 else "s"
        out.line(
            f"demo and benchmarks   {report.demo.requests:,} request{plural}, {report.demo.total_tokens:,} tokens,"
            f" {format_usd(report.demo.confirmed)}: in no other figure"
        )
    if report.rows:
        out.line()
        _table(
            ctx, report.by or "day", [(row.label or row.key or "(none)", row) for row in report.rows], report.latencies
        )


def _write_latency(ctx: Context, latency: Latency) -> None:
    if latency.duration_p50 is None:
        return
    sampled = "  (of a sample)" if latency.sampled else ""
    for name, median, late in (
        ("first token ", latency.ttft_p50, latency.ttft_p95),
        ("whole answer", latency.duration_p50, latency.duration_p95),
    ):
        ctx.out.line(f"{name}          median {_seconds(median)}, 95 % within {_seconds(late)}{sampled}")


def _table(
    ctx: Context, by: str, rows: Sequence[tuple[str, Figures]], latencies: dict[str, Latency] | None = None
) -> None:
    header = [by.upper(), "REQUESTS", "FAILED", "INPUT", "OUTPUT", "COST", "ESTIMATED", "UNKNOWN"]
    right = [1, 2, 3, 4, 5, 6, 7]
    if latencies:
        header.append("TTFT P95")
        right.append(8)
    with_bars = ctx.out.terminal and bool(by)
    if with_bars:
        header.append("")
    most = max((_weight(figures) for _, figures in rows), default=0)
    table = []
    for name, figures in rows:
        line = [
            name,
            str(figures.requests),
            str(figures.failed),
            f"{figures.input_tokens:,}" if ctx.out.terminal else str(figures.input_tokens),
            f"{figures.output_tokens:,}" if ctx.out.terminal else str(figures.output_tokens),
            "?" if figures.cost_is_unknown else format_usd(figures.confirmed),
            f"~{format_usd(figures.estimated)}" if figures.estimated_nanos else "",
            str(figures.uncounted or ""),
        ]
        if latencies:
            found = latencies.get(figures.key)
            line.append(_seconds(found.ttft_p95) if found else "")
        if with_bars:
            line.append(bar(_weight(figures), most, _BAR))
        table.append(line)
    ctx.out.table(header, table, right=right)


def bar(value: int, most: int, width: int) -> str:
    """A bar in eighths of a column; anything above 0 shows."""
    if most <= 0 or value <= 0:
        return ""
    eighths = max(1, round(value * width * 8 / most))
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _weight(figures: Figures) -> int:
    """What a bar is as long as: money, or tokens where none was spent."""
    return figures.resolved_nanos + figures.estimated_nanos or figures.total_tokens


def _seconds(milliseconds: float | None) -> str:
    return "–" if milliseconds is None else f"{milliseconds / 1000:.2f} s"


# ------------------------------------------------------------------------------------------------- for scripts


def _figures_dict(figures: Figures) -> dict[str, Any]:
    return {
        "key": figures.key,
        "label": figures.label,
        "requests": figures.requests,
        "failed": figures.failed,
        "confirmed_usd": _usd(figures.confirmed),
        "estimated_usd": _usd(figures.estimated),
        "uncounted": figures.uncounted,
        "input_tokens": figures.input_tokens,
        "cached_input_tokens": figures.cache_read_tokens,
        "cache_write_tokens": figures.cache_write_tokens,
        "output_tokens": figures.output_tokens,
        "reasoning_tokens": figures.reasoning_tokens,
        "total_tokens": figures.total_tokens,
    }


def _as_dict(report: Report) -> dict[str, Any]:
    overview = report.overview
    rows = []
    for row in report.rows:
        table = _figures_dict(row) | {"errors": dict(row.errors)}
        if row.key in report.latencies:
            table["latency"] = _latency_dict(report.latencies[row.key])
        rows.append(table)
    return {
        "since": report.since or None,
        "until": report.until or None,
        "total": _figures_dict(report.total) | {"errors": dict(report.total.errors)},
        "latency": _latency_dict(report.latency),
        "by": report.by or "day",
        "rows": rows,
        "today": _figures_dict(overview.today),
        "week": _figures_dict(overview.week),
        "month": _figures_dict(overview.month),
        "conversations": overview.conversations,
        "average_conversation_usd": _usd(from_nanos(overview.average_nanos)),
        "trend": overview.trend,
        "last_24_hours": {
            "requests": report.recent.requests,
            "requests_per_hour": report.recent.requests / max(1, len(report.recent.hours)),
            "error_rate": report.recent.error_rate,
            "errors": dict(report.recent.errors),
            "rate_limits_per_hour": report.recent.rate_limits_per_hour,
            "latency": _latency_dict(report.recent.latency),
        },
        "budgets": [budgets.as_dict(gauge) for gauge in report.gauges],
        "demo": _figures_dict(report.demo),
    }


def _latency_dict(latency: Latency) -> dict[str, Any]:
    return {
        "ttft_p50_ms": latency.ttft_p50,
        "ttft_p95_ms": latency.ttft_p95,
        "duration_p50_ms": latency.duration_p50,
        "duration_p95_ms": latency.duration_p95,
        "sampled": latency.sampled,
    }


def _write_csv(ctx: Context, rows: Sequence[Figures]) -> None:
    import csv
    import io

    from llmtui.store.figures import Figures

    text = io.StringIO()
    writer = csv.DictWriter(text, list(_figures_dict(Figures())), lineterminator="\n")
    writer.writeheader()
    writer.writerows(_figures_dict(row) for row in rows)
    ctx.out.write(ctx.out.clean(text.getvalue()) if ctx.out.terminal else text.getvalue())


def _usd(amount: Decimal) -> str:
    return format(amount, "f")
