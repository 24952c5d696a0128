"""The report: tables and verdicts for people, one object for programs."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from llmtui.bench.checks import SIGNS, judge, usage_deviation
from llmtui.bench.spread import NAMES, spread
from llmtui.core.cost import Resolution, format_usd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmtui.bench.checks import Check
    from llmtui.bench.plan import Measured, Server
    from llmtui.bench.run import Outcome
    from llmtui.bench.spread import Spread

_ROWS = (
    ("first token, ms", "ttft_ms"),
    ("between tokens, ms", "inter_token_ms"),
    ("duration, ms", "duration_ms"),
    ("tokens/s", "tokens_per_second"),
)


class Bill:
    """What the requests cost; confirmed and estimated are never added up."""

    def __init__(self, found: Measured) -> None:
        costs = [sample.cost for sample in found.samples]
        self.is_confirmed = any(cost.amount is not None for cost in costs)
        self.confirmed = sum((cost.amount for cost in costs if cost.amount is not None), Decimal(0))
        self.estimated = sum((cost.estimate for cost in costs if cost.estimate is not None), Decimal(0))
        self.uncounted = sum(
            cost.estimate is None and cost.resolution in (Resolution.UNPRICED, Resolution.UNKNOWN) for cost in costs
        )

    def __str__(self) -> str:
        parts = [] if self.is_unknown else [format_usd(self.confirmed)]
        if self.estimated:
            parts.append(f"~{format_usd(self.estimated)}")
        if self.uncounted:
            parts.append(f"{self.uncounted} of unknown cost")
        return ", ".join(parts)

    @property
    def is_unknown(self) -> bool:
        """Nothing is confirmed, and of something it is not known what it cost."""
        return not self.is_confirmed and bool(self.uncounted)


def spreads(found: Measured) -> dict[str, Spread | None]:
    """The distributions by name, of the answered requests."""
    answered = [sample for sample in found.samples if sample.ok]
    return {
        "ttft_ms": spread(sample.ttft_s * 1000 for sample in answered if sample.ttft_s is not None),
        "inter_token_ms": spread(gap * 1000 for sample in answered for gap in sample.gaps_s),
        "duration_ms": spread(sample.duration_s * 1000 for sample in answered),
        "tokens_per_second": spread(s.tokens_per_second for s in answered if s.tokens_per_second is not None),
    }


def as_text(outcome: Outcome) -> str:
    """For people: what was measured, then one line for each check."""
    lines: list[str] = []
    for found, server in zip(outcome.measured, outcome.servers, strict=True):
        lines += [*_table(found), "", *(f"{SIGNS[check.mark]} {check.sentence}" for check in judge(found, server)), ""]
    if outcome.signal_number is not None:
        lines.append(f"{SIGNS['warn']} stopped early: this is what was measured until then")
    if outcome.out_of_money:
        lines.append(f"{SIGNS['warn']} stopped early: a further request might have cost more than --max-cost")
    verdict = _verdict(outcome)
    counts = Counter(check.mark for check in all_checks(outcome))
    lines.append(f"{SIGNS[verdict]} {counts['ok']} passed, {counts['warn']} to look at, {counts['fail']} failed")
    return "\n".join(lines) + "\n"


def _table(found: Measured) -> list[str]:
    answered = sum(sample.ok for sample in found.samples)
    rate = f", {answered / found.elapsed_s:.2f} answers a second" if answered and found.elapsed_s > 0 else ""
    lines = [
        f"{found.model} at {found.base_url} ({found.endpoint})",
        f"{len(found.samples)} requests in {found.elapsed_s:.1f} s, {answered} answered{rate}; {Bill(found)}",
        f"{'':20}" + "".join(f"{name:>10}" for name in NAMES),
    ]
    for label, name in _ROWS:
        figures = spreads(found)[name]
        cells = "".join(f" {value:>9,.1f}" for value in figures) if figures else f"{'–':>10}" * len(NAMES)
        lines.append(f"{label:<20}{cells}")
    return lines


def all_checks(outcome: Outcome) -> list[Check]:
    return [
        check for found, server in zip(outcome.measured, outcome.servers, strict=True) for check in judge(found, server)
    ]


def has_failed(outcome: Outcome) -> bool:
    """A check fails, or nothing was measured at all though nobody stopped it."""
    return _verdict(outcome) == "fail"


def _verdict(outcome: Outcome) -> str:
    marks = {check.mark for check in all_checks(outcome)}
    if "fail" in marks:
        return "fail"
    return "warn" if "warn" in marks or not marks else "ok"


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """For programs; money as decimal strings, times in milliseconds."""
    results = [
        _result(found, server, judge(found, server))
        for found, server in zip(outcome.measured, outcome.servers, strict=True)
    ]
    return {
        "results": results,
        "interrupted": outcome.signal_number is not None,
        "stopped_by_max_cost": outcome.out_of_money,
        "ok": not has_failed(outcome),
    }


def _result(found: Measured, server: Server, checks: Sequence[Check]) -> dict[str, Any]:
    samples = found.samples
    finished = [sample for sample in samples if not sample.cancelled]
    answered = [sample for sample in samples if sample.ok]
    usages = [sample.usage for sample in answered if sample.usage is not None]
    bill = Bill(found)
    deviation = usage_deviation(samples, found.counted)
    return {
        "provider": found.model.provider,
        "model": found.model.name,
        "wire": found.wire,
        "endpoint": found.endpoint,
        "base_url": found.base_url,
        "requests": len(samples),
        "answered": len(answered),
        "failed": len(finished) - len(answered),
        "cancelled": len(samples) - len(finished),
        "success_rate": round(len(answered) / len(finished), 6) if finished else None,
        "errors": dict(Counter(sample.error_kind for sample in finished if not sample.ok)),
        "elapsed_s": round(found.elapsed_s, 6),
        **{name: _figures(figures) for name, figures in spreads(found).items()},
        "usage": {
            "reported": len(usages),
            "input_tokens": sum(usage.input_tokens for usage in usages),
            "output_tokens": sum(usage.output_tokens for usage in usages),
            "counted_exactly": bool(found.counted and found.counted.exact),
            "mean_output_deviation": None if deviation is None else round(deviation, 6),
        },
        "cost": {
            "usd": None if bill.is_unknown else format(bill.confirmed, "f"),
            "estimate_usd": format(bill.estimated, "f"),
            "uncounted": bill.uncounted,
        },
        "server_metrics": dict(server.metrics) if server.metrics is not None else None,
        "checks": [{"name": check.name, "status": check.mark, "message": check.sentence} for check in checks],
    }


def _figures(figures: Spread | None) -> dict[str, float] | None:
    return None if figures is None else {name: round(value, 3) for name, value in figures._asdict().items()}
