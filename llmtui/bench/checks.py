"""Judges what was measured: each check is one line of ✓, ⚠ or ✗."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from llmtui.bench.plan import Counted, Measured, Sample, Server

Mark = Literal["ok", "warn", "fail"]
SIGNS = {"ok": "✓", "warn": "⚠", "fail": "✗"}

LEAST_SUCCESS = 0.95
"""Below this share of answered requests the check fails; below all it warns."""
_NEAR_EXACT, _NEAR_ESTIMATE = 0.05, 0.4
"""How far a reported count may be from our own, as a share, before it is worth a warning."""
_ALWAYS_NEAR = 4
"""Tokens: chat formats differ by so many."""
_SPEEDS_DIFFER = 0.3
_CLOCK_S = 0.01
"""What two clocks may differ in."""


class Check(NamedTuple):
    """A verdict."""

    name: str
    mark: Mark
    sentence: str


def judge(found: Measured, server: Server) -> list[Check]:
    """Every check of one model at one endpoint."""
    samples = [sample for sample in found.samples if not sample.cancelled]
    checks = [
        _success(samples),
        *_stream(samples),
        _times(samples),
        _usage(found.samples, found.counted),
        Check("health", *_marked(server.health)),
        _listed(found, server),
    ]
    return [*checks, *_metrics(samples, server), *_timings(samples)]


def _marked(state: tuple[str, str]) -> tuple[Mark, str]:
    mark, sentence = state
    return ("ok" if mark == "ok" else "fail" if mark == "fail" else "warn"), sentence


def _success(samples: Sequence[Sample]) -> Check:
    answered = sum(sample.ok for sample in samples)
    share = answered / len(samples) if samples else 0.0
    if not samples:
        return Check("success", "warn", "success: no request was completed")
    kinds = Counter(sample.error_kind for sample in samples if not sample.ok)
    first = next((sample.error_message for sample in samples if not sample.ok), "")
    why = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    sentence = f"success: {answered} of {len(samples)} answered ({share * 100:.4g} %)" + (
        f"; {why}; “{first}”" if why else ""
    )
    return Check("success", "ok" if share == 1 else "warn" if share >= LEAST_SUCCESS else "fail", sentence)


def _stream(samples: Sequence[Sample]) -> Iterator[Check]:
    taken = [sample.anatomy for sample in samples if sample.anatomy is not None]
    if not taken:
        yield Check("stream", "warn", "stream: no answer came that could be looked at")
        return
    faults = Counter(fault for each in taken for fault in each.faults)
    oddities = Counter(oddity for each in taken for oddity in each.oddities)
    for fault, count in faults.most_common():
        yield Check("stream", "fail", f"stream: {count} of {len(taken)} {fault}")
    for oddity, count in oddities.most_common():
        yield Check("stream", "warn", f"stream: {count} of {len(taken)} {oddity}")
    if not faults:
        frames = sum(each.frames for each in taken)
        yield Check("stream", "ok", f"stream: {frames:,} frames in order, none twice, each answer with its end")


def _times(samples: Sequence[Sample]) -> Check:
    timed = [sample for sample in samples if sample.ttft_s is not None]
    wrong = [sample for sample in timed if not 0 <= (sample.ttft_s or 0) <= sample.duration_s]
    if wrong:
        return Check("times", "fail", f"times: {len(wrong)} of {len(timed)} have a first token outside their duration")
    if not timed:
        return Check("times", "warn", "times: no answer had any content")
    return Check("times", "ok", "times: every first token within its answer's duration")


def _usage(samples: Sequence[Sample], counted: Counted | None) -> Check:
    answered = [sample for sample in samples if sample.ok]
    nonsense = sum(sample.usage_is_nonsense for sample in answered)
    reported = [sample for sample in answered if sample.usage is not None]
    if nonsense:
        return Check(
            "usage",
            "fail",
            f"usage: {nonsense} of {len(answered)} make no sense (negative, zero after text, or no number)",
        )
    if not reported:
        return Check("usage", "warn", "usage: the server reports none, so cost can only be estimated")
    missing = len(answered) - len(reported)
    off = usage_deviation(samples, counted)
    how = "counted" if counted and counted.exact else "estimated"
    deviation = "" if off is None else f"; output {off * 100:.1f} % from what we {how}"
    near = off is None or off <= (_NEAR_EXACT if how == "counted" else _NEAR_ESTIMATE)
    sentence = f"usage: reported by {len(reported)} of {len(answered)}{deviation}"
    return Check("usage", "ok" if near and not missing else "warn", sentence)


def usage_deviation(samples: Iterable[Sample], counted: Counted | None) -> float | None:
    """How far reported output is from our count, as a share of it, on average; None where nothing can be compared.

    `samples` are all of them, as they were counted; a few tokens are no deviation.
    """
    if counted is None:
        return None
    shares = []
    for sample, ours in zip(samples, counted.output_tokens, strict=False):
        if ours is None or sample.usage is None:
            continue
        off = max(0, abs(sample.usage.output_tokens - ours) - _ALWAYS_NEAR)
        shares.append(off / max(1, ours))
    return sum(shares) / len(shares) if shares else None


def _listed(found: Measured, server: Server) -> Check:
    mark, sentence = _marked(server.models)
    if mark == "ok" and found.model.name not in server.listed:
        return Check("models", "warn", f"{sentence}, and {found.model.name} is not among them")
    return Check("models", mark, sentence)


def _metrics(samples: Sequence[Sample], server: Server) -> Iterator[Check]:
    theirs = server.metrics
    if not theirs:
        return
    answered = [sample for sample in samples if sample.ok]
    ours = {"requests": float(len(answered))}
    reported = [sample.usage for sample in answered if sample.usage is not None]
    if len(reported) == len(answered):
        ours["input_tokens"] = float(sum(usage.input_tokens for usage in reported))
        ours["output_tokens"] = float(sum(usage.output_tokens for usage in reported))
    for name, mine in ours.items():
        if name in theirs:
            same = abs(theirs[name] - mine) < 0.5
            words = name.replace("_", " ")
            sentence = f"metrics: {theirs[name]:,.0f} {words} by the server's count, {mine:,.0f} by ours"
            yield Check("metrics", "ok" if same else "warn", sentence + ("" if same else " (others may use it too)"))
    for name, mine_s in (
        ("ttft", [sample.ttft_s for sample in answered if sample.ttft_s is not None]),
        ("duration", [sample.duration_s for sample in answered]),
    ):
        count = theirs.get(f"{name}_count", 0)
        if count and mine_s:
            server_s, client_s = theirs[f"{name}_sum"] / count, sum(mine_s) / len(mine_s)
            label = "first token" if name == "ttft" else "duration"
            sentence = f"metrics: mean {label} {server_s * 1000:,.1f} ms by the server's clock, {client_s * 1000:,.1f} ms by ours"
            yield Check("metrics", "ok" if server_s <= client_s + _CLOCK_S else "warn", sentence)


def _timings(samples: Sequence[Sample]) -> Iterator[Check]:
    """Where each answer says how fast it was made."""
    pairs = [
        (sample.anatomy.timings["tokens_per_second"], sample.tokens_per_second)
        for sample in samples
        if sample.ok and sample.anatomy and "tokens_per_second" in sample.anatomy.timings and sample.tokens_per_second
    ]
    if pairs:
        theirs, ours = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
        near = abs(theirs - ours) <= _SPEEDS_DIFFER * max(theirs, ours)
        sentence = f"timings: {theirs:,.1f} tokens/s by the server's clock, {ours:,.1f} by ours"
        yield Check("timings", "ok" if near else "warn", sentence)
    waits = [
        (sample.anatomy.timings["prompt_s"], sample.ttft_s)
        for sample in samples
        if sample.ok and sample.anatomy and "prompt_s" in sample.anatomy.timings and sample.ttft_s is not None
    ]
    if waits:
        server_s, client_s = (sum(column) / len(waits) for column in zip(*waits, strict=True))
        sentence = f"timings: {server_s * 1000:,.1f} ms for the prompt by the server's clock, first token after {client_s * 1000:,.1f} ms"
        yield Check("timings", "ok" if server_s <= client_s + _CLOCK_S else "warn", sentence)
