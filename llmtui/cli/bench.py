"""`llmtui bench`: its options, its progress on stderr, its report on stdout."""

from __future__ import annotations

import sys
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from llmtui.cli.context import complain
from llmtui.cli.options import base_url
from llmtui.cli.parse import shown, text, usage_error

if TYPE_CHECKING:
    from llmtui.bench.plan import BenchPlan, EndpointKind, Sample
    from llmtui.cli.context import Context
    from llmtui.core.options import Options


def measure(ctx: Context) -> int:
    """Exit 1 if a check fails, 128 + the signal's number when one ended it."""
    plan, options = _plan(ctx), _options(ctx)
    config = ctx.config
    from llmtui.bench import report
    from llmtui.bench.run import run

    outcome = run(plan, options, config, ctx.notice, Progress(terminal=sys.stderr is not None and sys.stderr.isatty()))
    if ctx.parsed.has("json"):
        ctx.out.json(report.as_dict(outcome))
    else:
        ctx.out.write(ctx.out.clean(report.as_text(outcome)))
    if outcome.signal_number is not None:
        return 128 + outcome.signal_number
    if outcome.out_of_money and not any(found.samples for found in outcome.measured):
        complain("--max-cost affords not even one request; nothing was sent")
        return 4
    return 1 if report.has_failed(outcome) else 0


def _plan(ctx: Context) -> BenchPlan:
    from llmtui.bench.plan import PROMPT, BenchPlan

    parsed = ctx.parsed
    kinds: dict[str | None, tuple[EndpointKind, ...]] = {
        None: ("",),
        "chat": ("chat",),
        "completions": ("completions",),
        "both": ("chat", "completions"),
    }
    prompt = parsed.last("prompt")
    if prompt is not None and not prompt.strip():
        raise usage_error("--prompt is empty", command=ctx.called)
    return BenchPlan(
        models=_models(ctx),
        requests=_whole(ctx, "requests", 10, 100_000),
        concurrency=_whole(ctx, "concurrency", 1, 1000),
        endpoints=kinds[parsed.last("endpoint")],
        prompt=prompt or PROMPT,
        max_cost=_usd(ctx),
    )


def _models(ctx: Context) -> tuple[str, ...]:
    """`-m A -m B` and `-m A B` are the same."""
    models = (*ctx.parsed.all("model"), *(text(word, "MODEL") for word in ctx.words))
    if any(not model.strip() for model in models):
        raise usage_error("--model needs a value that is not empty", command=ctx.called)
    return models


def _options(ctx: Context) -> Options:
    from llmtui.core.options import Options

    parsed = ctx.parsed
    for one, other in (("wire", "base-url"), ("base-url", "wire")):
        if parsed.has(one) and not parsed.has(other):
            raise usage_error(f"--{one} needs --{other} beside it", command=ctx.called)
    models = _models(ctx)
    return Options(
        model=models[0] if models else "",
        base_url=base_url(parsed.last("base-url") or ""),
        wire=parsed.last("wire") or "",
    )


def _whole(ctx: Context, name: str, default: int, most: int) -> int:
    given = ctx.parsed.last(name)
    if given is None:
        return default
    if given.isascii() and given.isdecimal() and len(given) < 8 and 1 <= int(given) <= most:
        return int(given)
    raise usage_error(f"--{name} must be a whole number from 1 to {most}, not “{shown(given)}”", command=ctx.called)


def _usd(ctx: Context) -> Decimal | None:
    given = ctx.parsed.last("max-cost")
    if given is None:
        return None
    try:
        amount = Decimal(given.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and amount >= 0):
        raise usage_error(f"--max-cost must be an amount in USD, not “{shown(given)}”", command=ctx.called)
    return amount


class Progress:
    """How far it is: a line that is rewritten on a terminal, else a line for every tenth and every failure."""

    def __init__(self, *, terminal: bool) -> None:
        self._terminal = terminal
        self._failed = 0

    def __call__(self, name: str, done: int, total: int, newest: Sample | None) -> None:
        if newest is None:
            self._failed = 0
        elif not newest.ok and not newest.cancelled:
            self._failed += 1
        failed = f", {self._failed} failed" if self._failed else ""
        text = f"{name}: {done} of {total}{failed}"
        if self._terminal:
            from llmtui.core.sanitize import clean_line
            from llmtui.waiting import to_stderr

            to_stderr(f"\r\x1b[K{clean_line(text, 78)}" + ("\n" if done == total else ""))
        elif done in (0, total) or done * 10 // total != (done - 1) * 10 // total:
            complain(text)
